"""What could not enter."""

from __future__ import annotations

from sharedchain.events.base import Event, Text


class RecordRejected(Event):
    """A record was refused."""

    original_topic: Text
    original_partition: int
    original_offset: int
    original_type: str = ""
    original_id: str = ""
    original_source: str = ""
    subject: str = ""
    reason: Text
    field: str = ""
    text: str = ""
    owner: str = ""
    schema_id: int | None = None
    dlq_topic: str = ""
    value: str | None = None
