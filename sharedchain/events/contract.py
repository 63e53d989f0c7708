"""Contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sharedchain.events.base import Event, Money, Text, Timestamp


class ContractCreated(Event):
    """A signed opportunity became a contract. `lead_id` is empty where there was none."""

    contract_id: Text
    opportunity_id: Text
    lead_id: str
    customer_id: Text
    region: str | None = None
    product_id: str | None = None
    owner_id: Text
    amount: Money
    currency: Text
    status: Literal["EFFECTIVE", "BLOCKED"]
    approvals: Mapping[str, str] = {}
    missing: tuple[str, ...] = ()
    approval_case_id: str | None = None
    signed_at: Timestamp


class ContractApproved(Event):
    """The last approval of a contract came."""

    contract_id: Text
    opportunity_id: Text
    case_id: Text
    by: Text
    at: Timestamp
    status: Literal["EFFECTIVE"]
    owner_id: Text


class ContractClauseChecked(Event):
    """A clause of a contract was checked."""

    contract_id: Text
    clause_id: Text
    result: Text
    check_id: str | None = None
    note: str | None = None
    at: Timestamp | None = None
