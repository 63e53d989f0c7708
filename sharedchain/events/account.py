"""What happens on accounts, and in the news about what they hold."""

from __future__ import annotations

from sharedchain.events.base import Event, Money, Part, Text, Timestamp


class AccountActivityRecorded(Event):
    """Money moved on an account."""

    activity_id: Text
    account_id: Text
    customer_id: str | None = None
    type: str | None = None
    amount: Money
    currency: str | None = None
    at: Timestamp | None = None


class NewsEntity(Part):
    entity_id: Text
    sentiment: str | None = None
    held_by: str | None = None


class NewsPublished(Event):
    """News was published."""

    news_id: Text
    source: str | None = None
    title: Text
    text_ref: str | None = None
    entities: tuple[NewsEntity, ...] | None = None
    at: Timestamp | None = None
