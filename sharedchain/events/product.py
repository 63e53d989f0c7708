"""Products."""

from __future__ import annotations

from collections.abc import Mapping

from sharedchain.events.base import Event, Money, Text


class MasterProductUpserted(Event):
    """A product was created or changed."""

    product_id: Text
    name: Text
    unit: Text
    family: str | None = None
    list_price: Money | None = None
    currency: str | None = None
    margin_class: str | None = None
    spec: Mapping[str, str] | None = None
    status: str | None = None
