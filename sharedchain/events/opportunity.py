"""Opportunities: what sales says of them, and how they come to be."""

from __future__ import annotations

from datetime import date

from sharedchain.events.base import Event, Evidence, Money, Part, Rate, Text, Timestamp


class OpportunityOpened(Event):
    """An opportunity began without a lead, as other systems tell it."""

    opportunity_id: Text
    owner_id: Text
    amount: Money
    amount_basis: str | None = None
    currency: str | None = None
    customer_id: str | None = None
    prospect_name: str | None = None
    industry: str | None = None
    demand_type: str | None = None
    product_id: str | None = None
    region: str | None = None
    channel: str | None = None
    opened_at: Timestamp | None = None
    source_stage: str | None = None


class OpportunityCreated(Event):
    """An opportunity came to be. Empty: `lead_id` where it began without one, industry and demand where unknown."""

    opportunity_id: Text
    lead_id: str
    customer_id: str | None = None
    prospect_name: str | None = None
    industry: str
    demand_type: str
    amount: Money
    amount_basis: str | None = None
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
