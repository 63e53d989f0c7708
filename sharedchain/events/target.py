"""Targets."""

from __future__ import annotations

from sharedchain.events.base import Event, Money, Text


class TargetSet(Event):
    """A target was set."""

    target_id: Text
    period: Text
    org_id: Text
    metric: Text
    amount: Money
    currency: str | None = "CNY"
    parent_target_id: str | None = None
