"""Projects."""

from __future__ import annotations

from sharedchain.events.base import Event, Rate, Text, Timestamp


class ProjectCreated(Event):
    """A project was created."""

    project_id: Text
    opportunity_id: str | None = None
    manager_id: str | None = None
    name: str | None = None


class ProjectRiskChanged(Event):
    """The risk level of a project changed."""

    project_id: Text
    level: Text
    score: Rate | None = None
    drivers: tuple[str, ...] | None = None
    changed_by: str | None = None
    at: Timestamp | None = None
