"""Organisations."""

from __future__ import annotations

from sharedchain.events.base import Event, Text


class MasterOrgUpserted(Event):
    """An organisation was created or changed."""

    org_id: Text
    parent_id: str | None = None
    name: Text
    timezone: Text
    currency: Text
    region: str | None = None
