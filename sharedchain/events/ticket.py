"""Tickets of customers, and sessions of the bot."""

from __future__ import annotations

from sharedchain.events.base import Event, Text, Timestamp


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
    csat: int | None = None
    customer_id: str | None = None
    closed_at: Timestamp | None = None


class BotSessionClosed(Event):
    """A session with the bot ended."""

    session_id: Text
    intent: str | None = None
    resolved: bool
    turns: int | None = None
    closed_at: Timestamp | None = None
