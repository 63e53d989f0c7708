"""Inspections and laboratory results."""

from __future__ import annotations

from sharedchain.events.base import Event, Text, Timestamp


class QualityResultReceived(Event):
    """The result of a lot was received."""

    lot: Text
    supplier_id: str | None = None
    order_id: str | None = None
    item: str | None = None
    lab: str | None = None
    sample_n: int
    defect_n: int
    plugin_id: str | None = None
    received_at: Timestamp | None = None


class QualityInspectionRecorded(Event):
    """An inspection was recorded."""

    site: Text
    inspected: int
    rework: int
    scrap: int | None = None
    at: Timestamp | None = None
