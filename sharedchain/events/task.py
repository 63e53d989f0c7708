"""Tasks of stores."""

from __future__ import annotations

from sharedchain.events.base import Event, Text, Timestamp


class StoreTaskAssigned(Event):
    """A task was given to a store."""

    task_id: Text
    store_id: Text
    kind: str | None = None
    priority: Text
    text: str | None = None
    due_at: Timestamp | None = None
    from_org: str | None = None
    ref: str | None = None
    alert_id: str | None = None
    at: Timestamp | None = None


class StoreTaskClosed(Event):
    """A task of a store was closed."""

    task_id: Text
    store_id: Text
    by: str | None = None
    effective: bool | None = None
    at: Timestamp | None = None
