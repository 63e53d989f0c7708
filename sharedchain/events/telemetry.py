"""What sensors say at high volume: the telemetry lane's own messages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sharedchain.events.base import Event, Part, Text, Timestamp

Value = Annotated[float, Field(gt=-1e9, lt=1e9, allow_inf_nan=False)]


class TelemetryPoint(Part):
    """One reading in a message of many."""

    equipment_id: Text
    component_id: Text
    metric: Text
    value: Value
    unit: str | None = None
    quality_flag: str | None = None
    at: Timestamp


class TelemetryReading(TelemetryPoint, Event):
    """One reading of many."""


class TelemetryReadings(Event):
    """Readings that a gateway sends together."""

    gateway_id: Text
    readings: Annotated[tuple[TelemetryPoint, ...], Field(min_length=1, max_length=1000)]
