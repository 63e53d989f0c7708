"""Customers."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from sharedchain.events.base import Event, Part, Text


class OrgUnit(Part):
    unit_id: Text
    parent_id: str | None = None
    name: str | None = None


class Decider(Part):
    person_ref: Text
    role: str | None = None
    influence: str | None = None


class Contact(Part):
    contact_id: Text
    name: str | None = None
    email: str | None = None
    phone: str | None = None


class MasterCustomerUpserted(Event):
    """A customer was created or changed."""

    customer_id: Text
    name: Text
    industry: Text
    region: Text
    org_structure: Annotated[tuple[OrgUnit, ...], Field(min_length=1)]
    decision_chain: Annotated[tuple[Decider, ...], Field(min_length=1)]
    contacts: tuple[Contact, ...] | None = None
    owner_id: Text
    segment: str | None = None
    last_order_at: date | None = None
    status: str | None = None
