"""Projects."""

from __future__ import annotations

from sharedchain.events.base import Event, Text


class ProjectCreated(Event):
    """A project was created."""

    project_id: Text
    opportunity_id: str | None = None
    manager_id: str | None = None
    name: str | None = None
