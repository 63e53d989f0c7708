"""Spare parts."""

from __future__ import annotations

from sharedchain.events.base import Event, Money, Rate, Text


class MasterSparepartUpserted(Event):
    """A spare part was created or changed."""

    part_id: Text
    name: Text
    fits: tuple[str, ...] | None = None
    reorder_point: Rate
    order_up_to: Rate
    supplier_id: Text
    unit_price: Money | None = None
    currency: str | None = None
