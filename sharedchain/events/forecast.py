"""Forecasts, as published."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from sharedchain.events.base import Event, Money, Part, Rate, Text, missing


class ForecastLine(Part):
    line_id: Text
    basis: Text
    opportunity_id: str | None = None
    product_id: str | None = None
    quantity: Rate | None = None
    amount: Money
    expected_date: date | None = None
    confidence: Rate | None = None
    rationale: str | None = None

    @model_validator(mode="after")
    def _supported(self) -> ForecastLine:
        if self.basis == "PROJECT" and not self.opportunity_id:
            raise missing("opportunity_id", "a line with basis PROJECT names its opportunity_id")
        if self.basis == "EXPERIENCE" and not self.rationale:
            raise missing("rationale", "a line with basis EXPERIENCE gives its rationale")
        return self


class ForecastPublished(Event):
    """A forecast version was published."""

    forecast_id: Text
    version: int
    period: Text
    org_id: Text
    region: Text
    owner_id: Text
    reason: str | None = None
    currency: str | None = "CNY"
    lines: Annotated[tuple[ForecastLine, ...], Field(min_length=1)]
