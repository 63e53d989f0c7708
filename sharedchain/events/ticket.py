"""Tickets of customers, and sessions of the bot."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sharedchain.events.base import Event, Part, Rate, Text, Timestamp


class ServiceTicketOpened(Event):
    """A customer opened a ticket."""

    ticket_id: Text
    customer_id: Text
    text: Text
    channel: str | None = None
    kind: str | None = None
    priority: str | None = None
    product_id: str | None = None
    opened_at: Timestamp | None = None


class ServiceTicketClassified(Event):
    """A ticket was classified."""

    ticket_id: Text
    kind: Text
    priority: Text
    reason: str | None = None
    at: Timestamp | None = None


class ServiceTicketAssigned(Event):
    """A ticket was assigned."""

    ticket_id: Text
    engineer_id: Text
    load: int | None = None
    at: Timestamp | None = None


class ServiceTicketAnswered(Event):
    """A ticket was answered."""

    ticket_id: Text
    by: Text
    answer_ref: str | None = None
    at: Timestamp | None = None


class ServiceTicketClosed(Event):
    """A ticket was closed."""

    ticket_id: Text
    customer_id: str | None = None
    csat: int | None = None
    closed_at: Timestamp | None = None


class BotSessionClosed(Event):
    """A session with the bot ended."""

    session_id: Text
    intent: str | None = None
    resolved: bool
    turns: int | None = None
    closed_at: Timestamp | None = None


class Article(Part):
    article_id: Text
    score: Rate | None = None


class AgentAssistSuggested(Event):
    """The assistant suggested answers to an agent."""

    session_id: Text
    turn: int
    ticket_id: str | None = None
    suggestions: Annotated[tuple[Article, ...], Field(min_length=1)]
    at: Timestamp | None = None
