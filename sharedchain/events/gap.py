"""Gaps in master data."""

from __future__ import annotations

from sharedchain.events.base import Event, Text


class RecordIncomplete(Event):
    """A record was accepted without fields of its contract."""

    record_type: Text
    record_id: Text
    lacks: tuple[str, ...]
