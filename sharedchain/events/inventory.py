"""Stock, and the demand it meets."""

from __future__ import annotations

from sharedchain.events.base import Event, Rate, Text, Timestamp


class InventoryLevelReported(Event):
    """A system reported a stock level."""

    sku: Text
    site: Text
    source_system: Text
    on_hand: Rate
    reserved: Rate | None = None
    at: Timestamp | None = None


class InventoryReserved(Event):
    """Stock was reserved."""

    sku: Text
    site: str | None = None
    qty: Rate
    ref: Text
    at: Timestamp | None = None


class InventoryGoodsReceived(Event):
    """Goods were received."""

    sku: Text
    site: str | None = None
    qty: Rate
    ref: Text
    at: Timestamp | None = None


class InventoryIssued(Event):
    """Stock was issued."""

    sku: Text
    site: str | None = None
    qty: Rate
    reserved: bool | None = None
    ref: Text
    at: Timestamp | None = None


class DemandForecasted(Event):
    """Demand was forecast."""

    sku: Text
    site: Text
    horizon_days: int
    low: Rate | None = None
    mid: Rate
    high: Rate | None = None
    model_version: str | None = None
    at: Timestamp | None = None
