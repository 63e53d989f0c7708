"""What reporting and data quality tools say."""

from __future__ import annotations

from datetime import date

from sharedchain.events.base import Event, Rate, Text, Timestamp


class ReportRunFinished(Event):
    """A report ran."""

    report_id: Text
    run_id: Text
    ok: bool
    duration_s: Rate | None = None
    error: str | None = None
    period_end: date | None = None
    at: Timestamp | None = None


class MetricValueReported(Event):
    """A system said the value of a metric."""

    metric_id: Text
    entity_key: Text
    source_system: Text
    value: Rate
    unit: str | None = None
    at: Timestamp | None = None


class DataQualityScored(Event):
    """The quality of a topic's data was scored."""

    topic: Text
    dimension: Text
    score: Rate
    records: int | None = None
    at: Timestamp | None = None
