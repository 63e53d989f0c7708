"""What people answer to the chain."""

from __future__ import annotations

from sharedchain.events.base import Event, Text, Timestamp


class AlertAcknowledged(Event):
    """Somebody answers for an alert."""

    alert_id: Text
    by: Text
    note: str | None = None
    at: Timestamp | None = None
