"""Shifts and plans of production."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from sharedchain.events.base import Event, Part, Rate, Text, Timestamp


class ProductionShiftClosed(Event):
    """A shift was closed."""

    line_id: Text
    shift: Text
    planned_min: Rate
    run_min: Rate
    ideal_cycle_min: Rate
    total_count: int
    good_count: int
    rework_count: int | None = None
    site: str | None = None
    closed_at: Timestamp | None = None


class Move(Part):
    order_id: Text
    from_line: str | None = None
    to_line: str | None = None
    from_day: date | None = None
    to_day: date | None = None


class ProductionPlanRescheduled(Event):
    """A production plan was rescheduled."""

    plan_id: Text
    version: int
    moves: Annotated[tuple[Move, ...], Field(min_length=1)]
    cause: str | None = None
    by: str | None = None
    at: Timestamp | None = None
