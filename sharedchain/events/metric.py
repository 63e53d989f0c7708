"""Measures by the minute."""

from __future__ import annotations

from collections.abc import Mapping

from sharedchain.events.base import Event, Rate, Text, Timestamp


class MetricMinute(Event):
    """The value of one measure, for one set of dimensions, in one minute; None = no value."""

    metric_id: Text
    dims: Mapping[str, str] = {}
    minute: Timestamp
    value: Rate | None = None
    n: int
    unit: str = ""


class MetricMinuteComputed(MetricMinute):
    """A measure of one minute."""


class MetricCorrected(MetricMinute):
    """A measure of one minute was corrected."""

    old: Rate | None = None
    reason: str = ""
