"""Purchase orders, and what suppliers confirm."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from sharedchain.events.base import Event, Money, Part, Rate, Text, Timestamp


class PurchaseLine(Part):
    item: Text
    qty: Rate | None = None
    price: Money | None = None


class ProcurementOrderCreated(Event):
    """A purchase order was created."""

    po_id: Text
    supplier_id: Text
    lines: Annotated[tuple[PurchaseLine, ...], Field(min_length=1)]
    currency: str | None = None
    requisition_id: str | None = None
    buyer_id: str | None = None
    due_date: date | None = None
    created_at: Timestamp | None = None


class ConfirmedLine(Part):
    item: Text
    qty: Rate | None = None
    price: Money | None = None
    due_date: date | None = None


class ProcurementConfirmationReceived(Event):
    """A supplier confirmed an order."""

    po_id: Text
    confirmation_id: Text
    supplier_id: str | None = None
    lines: Annotated[tuple[ConfirmedLine, ...], Field(min_length=1)]
    currency: str | None = None
    received_at: Timestamp | None = None


class ProcurementOrderRegistered(Event):
    """A purchase order was registered as confirmed."""

    po_id: Text
    touchless: bool
    registered_at: Timestamp | None = None


class ProcurementExceptionResolved(Event):
    """An exception of a purchase order was settled."""

    po_id: Text
    decision: Text
    by: Text
    note: str | None = None
    resolved_at: Timestamp | None = None
