"""Reviews of the forecast."""

from __future__ import annotations

from sharedchain.events.base import Event, Money, Text


class ForecastReviewHeld(Event):
    """A forecast review was held."""

    review_id: Text
    period: Text
    attendees: tuple[str, ...] | None = None
    lead_count: int | None = None
    opportunity_count: int | None = None
    forecast_total: Money | None = None
    gap: Money | None = None
    currency: str | None = None
    decisions: tuple[str, ...] | None = None
