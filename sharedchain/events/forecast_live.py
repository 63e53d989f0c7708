"""The live view of forecasts."""

from __future__ import annotations

from typing import Literal

from sharedchain.events.base import Event, Money, Text, Timestamp
from sharedchain.events.forecast import ForecastLine


class ForecastLiveUpdated(Event):
    """The live view of a forecast."""

    forecast_id: Text
    version: int
    period: Text
    org_id: Text
    region: Text
    owner_id: Text
    currency: Text
    old_total: Money | None = None
    new_total: Money
    project_part: Money
    experience_part: Money
    period_total: Money
    lines: tuple[ForecastLine, ...] = ()
    refreshed_at: Timestamp
    stale_after: Timestamp
    stale_days: int
    unsupported: tuple[str, ...] = ()


class ForecastRefreshRequested(Event):
    """A forecast must be refreshed."""

    forecast_id: Text
    age_days: int
    last_version: int
    owner_id: Text
    link: Text


class ForecastLineUnsupported(Event):
    """A forecast line lost its support."""

    forecast_id: Text
    line_id: Text
    opportunity_id: str | None = None
    cause: Text


class ForecastLineCleared(Event):
    """A forecast line has its support again, or is gone."""

    forecast_id: Text
    line_id: Text
    opportunity_id: str | None = None
    cause: Literal["SUPPORTED", "DROPPED"]
    left: tuple[str, ...] = ()
