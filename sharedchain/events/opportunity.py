"""Opportunities: what sales says of them, and how they come to be."""

from __future__ import annotations

from datetime import date

from sharedchain.events.base import Event, Evidence, Money, Part, Rate, Text, Timestamp


class OpportunityCreated(Event):
    """An opportunity came from its lead."""

    opportunity_id: Text
    lead_id: Text
    customer_id: str | None = None
    prospect_name: str | None = None
    industry: Text
    demand_type: Text
    amount: Money
    currency: Text
    product_id: str | None = None
    contact_ids: tuple[str, ...] = ()
    owner_id: Text
    region: str | None = None
    channel: str | None = None
    stage: Text


class OpportunityStageChanged(Event):
    """An opportunity moved to another stage."""

    opportunity_id: Text
    from_: Text
    to: Text
    evidence: tuple[Evidence, ...] | None = None
    note: str | None = None


class OpportunityAmountChanged(Event):
    """The amount of an opportunity changed."""

    opportunity_id: Text
    old: Money
    new: Money
    currency: str | None = None
    reason: Text


class PaymentTerm(Part):
    share: Rate
    due_date: date


class OpportunitySigned(Event):
    """An opportunity was signed."""

    opportunity_id: Text
    amount: Money
    currency: str | None = None
    signed_at: Timestamp
    payment_terms: tuple[PaymentTerm, ...] | None = None
    approval_case_id: str | None = None
    customer_id: str | None = None


class OpportunityLost(Event):
    """An opportunity was lost."""

    opportunity_id: Text
    reason: Text
    competitor: str | None = None
