"""Time, as the chain tells it."""

from __future__ import annotations

from sharedchain.events.base import Event, Timestamp


class ClockTicked(Event):
    """Time, for its scope."""

    at: Timestamp
    n: int
