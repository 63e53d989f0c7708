"""Leads."""

from __future__ import annotations

from pydantic import model_validator

from sharedchain.events.base import Event, Money, Text, Timestamp, missing


class LeadCaptured(Event):
    """A lead was captured."""

    lead_id: Text
    customer_industry: Text
    demand_type: Text
    expected_amount: Money
    currency: str | None = "CNY"
    customer_id: str | None = None
    prospect_name: str | None = None
    region: str | None = None
    channel: str | None = None
    owner_id: Text
    source_ref: str | None = None

    @model_validator(mode="after")
    def _who(self) -> LeadCaptured:
        if not (self.customer_id or self.prospect_name):
            raise missing("customer_id", "a lead names its customer_id or a prospect_name")
        return self


class LeadContactLogged(Event):
    """A contact with a lead was logged."""

    lead_id: Text
    contact_id: Text
    at: Timestamp | None = None
    channel: str | None = None
    summary: str | None = None
    next_step: str | None = None


class LeadDisqualified(Event):
    """A lead was disqualified."""

    lead_id: Text
    reason: Text


class LeadConverted(Event):
    """A lead became an opportunity."""

    lead_id: Text
    opportunity_id: Text
    by: str | None = None
    customer_id: str | None = None
