"""What sensors say."""

from __future__ import annotations

from sharedchain.events.base import Event, Rate, Text, Timestamp


class SensorReading(Event):
    """A sensor was read."""

    equipment_id: Text
    component_id: Text
    metric: Text
    value: Rate
    unit: str | None = None
    quality_flag: str | None = None
    at: Timestamp | None = None


class SensorSampled(Event):
    """Of readings at high volume, one worth telling; `due_at`: the next one, if readings go on."""

    equipment_id: Text
    component_id: Text
    metric: Text
    value: Rate
    unit: str | None = None
    quality_flag: str | None = None
    at: Timestamp
    due_at: Timestamp
