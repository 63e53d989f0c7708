"""Stores."""

from __future__ import annotations

from sharedchain.events.base import Event, Location, Text


class MasterStoreUpserted(Event):
    """A store was created or changed."""

    store_id: Text
    name: Text
    org_id: str | None = None
    location: Location | None = None
    opening_hours: str | None = None
    manager_id: Text
