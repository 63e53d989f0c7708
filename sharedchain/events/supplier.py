"""Suppliers."""

from __future__ import annotations

from sharedchain.events.base import Event, Rate, Text


class MasterSupplierUpserted(Event):
    """A supplier was created or changed."""

    supplier_id: Text
    name: Text
    categories: tuple[str, ...] | None = None
    price_tolerance: Rate | None = None
    qty_tolerance: Rate | None = None
    lead_time_days: int | None = None
    rating: Rate | None = None
