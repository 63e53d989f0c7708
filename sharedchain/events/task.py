"""Tasks of stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field

from sharedchain.events.base import Event, Money, Rate, Text, Timestamp


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


class WeatherObserved(Event):
    """The weather was observed."""

    place: Text
    temperature: Rate
    kind: str | None = None
    at: Timestamp | None = None


class StoreTopsellerUpdated(Event):
    """The best sellers of a store changed."""

    store_id: Text
    items: Annotated[tuple[str, ...], Field(min_length=1)]
    at: Timestamp | None = None


class ProductHighlightPublished(Event):
    """A highlight of a product was published."""

    product_id: Text
    month: Text
    kind: Text
    facts: Mapping[str, str] | None = None
    at: Timestamp | None = None


class ShiftProposed(Event):
    """A shift was proposed."""

    store_id: Text
    date_: date
    staff: Annotated[tuple[str, ...], Field(min_length=1)]
    at: Timestamp | None = None


class RewardGranted(Event):
    """A reward was granted."""

    reward_id: Text
    person: Text
    cause: str | None = None
    amount: Money | None = None
    currency: str | None = None
    at: Timestamp | None = None


class TrainingCompleted(Event):
    """Somebody completed a training."""

    person: Text
    course: Text
    role: str | None = None
    score: int | None = None
    at: Timestamp | None = None
