"""Employees."""

from __future__ import annotations

from datetime import date

from sharedchain.events.base import Event, Location, Part, Text


class Channels(Part):
    email: str | None = None
    im: str | None = None


class MasterEmployeeUpserted(Event):
    """An employee was created or changed."""

    employee_id: Text
    org_id: Text
    role: Text
    name: str | None = None
    channels: Channels | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    skills: tuple[str, ...] = ()
    location: Location | None = None
    availability: str | None = None
