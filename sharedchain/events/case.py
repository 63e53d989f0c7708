"""Cases: approvals, exceptions, changes."""

from __future__ import annotations

from typing import Literal

from sharedchain.events.base import Event, Evidence, Money, Text, Timestamp


class CaseOpened(Event):
    """A case was opened."""

    case_id: Text
    template_id: Text
    template_version: int | None = None
    subject: Text
    amount: Money | None = None
    currency: str | None = None
    opened_by: str | None = None


class CaseNodeStarted(Event):
    """A node of a case may be worked on."""

    case_id: Text
    template_id: Text
    node_id: Text
    name_zh: str
    name_en: str
    role: Text
    responsible_id: str
    accountable_id: str
    started_at: Timestamp
    due_at: Timestamp


class CaseNodeCompleted(Event):
    """A node of a case was completed."""

    case_id: Text
    node_id: Text
    decision: Text
    by: Text
    evidence: tuple[Evidence, ...] | None = None
    note: str | None = None


class CaseClosed(Event):
    """A case ended."""

    case_id: Text
    template_id: Text
    subject: Text
    outcome: Literal["DONE", "APPROVED", "REJECTED"]
    opened_at: Timestamp
    closed_at: Timestamp
    duration_min: int
    nodes_on_time: int
    nodes_total: int
