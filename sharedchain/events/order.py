"""Orders of customers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sharedchain.events.base import Event, Money, Part, Rate, Text, Timestamp


class OrderLine(Part):
    product_id: Text
    qty: Rate | None = None
    price: Money | None = None


class OrderPlaced(Event):
    """A customer placed an order."""

    order_id: Text
    customer_id: Text
    contract_id: str | None = None
    owner_id: str | None = None
    region: str | None = None
    lines: tuple[OrderLine, ...] | None = None
    amount: Money | None = None
    currency: str | None = None
    promise_date: date
    priority: str | None = None
    placed_at: Timestamp | None = None


class OrderChangeRequested(Event):
    """A change of an order was requested."""

    order_id: Text
    change_id: Text
    changes: Mapping[str, str]
    reason: str | None = None
    requested_by: str | None = None
    requested_at: Timestamp | None = None


class OrderChangeApplied(Event):
    """A change of an order was applied."""

    order_id: Text
    change_id: Text
    version: int
    case_id: str | None = None
    applied_at: Timestamp | None = None


class OrderPromiseChanged(Event):
    """The promise date of an order changed."""

    order_id: Text
    old_date: date
    new_date: date
    case_id: str | None = None
    reason: str | None = None
    changed_at: Timestamp | None = None


class OrderDelivered(Event):
    """An order was delivered."""

    order_id: Text
    delivery_no: int
    qty: Rate
    complete: bool | None = None
    delivered_at: Timestamp


class LogisticsTracked(Event):
    """A shipment was seen on its way."""

    shipment_id: Text
    order_id: str | None = None
    status: Text
    place: Text
    eta: date | None = None
    at: Timestamp | None = None
