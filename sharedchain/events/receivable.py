"""Receivables, and the payments on them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from sharedchain.events.base import Event, Money, Part, Rate, Text, Timestamp, missing


class Instalment(Part):
    no: int
    share: Rate
    amount: Money
    due_date: date


class ReceivableCreated(Event):
    """A contract became a receivable."""

    receivable_id: Text
    contract_id: Text
    opportunity_id: Text
    customer_id: Text
    owner_id: Text
    region: str | None = None
    total: Money
    currency: Text
    instalments: Annotated[tuple[Instalment, ...], Field(min_length=1)]


class PaymentReceived(Event):
    """A payment was received."""

    payment_id: Text
    receivable_id: str | None = None
    order_id: str | None = None
    instalment_no: int | None = None
    amount: Money
    currency: str | None = None
    received_at: Timestamp
    bank_ref: str | None = None

    @model_validator(mode="after")
    def _for_what(self) -> PaymentReceived:
        if not (self.receivable_id or self.order_id):
            raise missing("receivable_id", "a payment names its receivable_id or its order_id")
        return self


class AllocatedPart(Part):
    instalment_no: int
    amount: Money
    left: Money


class PaymentAllocated(Event):
    """A payment was allocated."""

    payment_id: Text
    receivable_id: Text
    customer_id: Text
    currency: Text
    parts: tuple[AllocatedPart, ...] = ()
    outstanding: Money
    surplus: Money


class ReceivableSettled(Event):
    """An instalment was paid in full."""

    receivable_id: Text
    instalment_no: int
    amount: Money
    currency: Text
    days: int
    closed: bool
    customer_id: Text
    owner_id: Text


class ReceivableOverdue(Event):
    """An instalment is overdue."""

    receivable_id: Text
    instalment_no: int
    days: int
    amount: Money
    currency: Text
    due_date: date
    customer_id: Text
    owner_id: Text
