"""Work orders, and commands that equipment confirms."""

from __future__ import annotations

from sharedchain.events.base import Event, Part, Rate, Text, Timestamp


class PartUsed(Part):
    part_id: Text
    qty: Rate | None = None


class ServiceWorkorderClosed(Event):
    """A work order was closed."""

    workorder_id: Text
    equipment_id: str | None = None
    kind: str | None = None
    engineer_id: str | None = None
    opened_at: Timestamp | None = None
    closed_at: Timestamp
    downtime_min: int | None = None
    parts_used: tuple[PartUsed, ...] | None = None


class EquipmentCommandConfirmed(Event):
    """Equipment confirmed a command."""

    command_id: Text
    equipment_id: Text
    parameter: str | None = None
    setpoint: Rate | None = None
    result: Text
    at: Timestamp | None = None
