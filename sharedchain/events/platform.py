"""What happens on the platform: calls, rights, advice, models, money, definitions."""

from __future__ import annotations

from collections.abc import Mapping

from sharedchain.events.base import Event, Money, Rate, Text, Timestamp


class ApiCalled(Event):
    """An interface was called."""

    call_id: Text
    caller: Text
    resource: Text
    outcome: Text
    duration_ms: int | None = None
    at: Timestamp | None = None


class AccessGranted(Event):
    """A right was granted."""

    subject_ref: Text
    resource: Text
    scope: str | None = None
    granted_by: str | None = None
    at: Timestamp | None = None


class AccessRevoked(Event):
    """A right was taken back."""

    subject_ref: Text
    resource: Text
    revoked_by: str | None = None
    at: Timestamp | None = None


class AccessFieldRead(Event):
    """A field was read."""

    read_id: Text
    reader: Text
    resource: Text
    field: Text
    field_sensitivity: str | None = None
    resource_sensitivity: str | None = None
    at: Timestamp | None = None


class AiSuggestionIssued(Event):
    """An assistant suggested something."""

    suggestion_id: Text
    subject: Text
    kind: str | None = None
    text: str | None = None
    evidence: tuple[str, ...] | None = None
    confidence: Rate | None = None
    model_id: str | None = None
    model_version: str | None = None
    role: str | None = None
    owner_id: str | None = None
    at: Timestamp | None = None


class AiSuggestionOpened(Event):
    """Somebody opened a suggestion."""

    suggestion_id: Text
    by: Text
    at: Timestamp | None = None


class AiSuggestionDecided(Event):
    """Somebody decided on a suggestion."""

    suggestion_id: Text
    decision: Text
    by: Text
    reason: str | None = None
    at: Timestamp | None = None


class ModelPromoted(Event):
    """A version of a model went live."""

    model_id: Text
    version: Text
    goal_metric: str | None = None
    owner_id: Text
    at: Timestamp | None = None


class ModelOutcomeObserved(Event):
    """What came of a prediction."""

    model_id: Text
    prediction_id: Text
    version: str | None = None
    prediction: str | None = None
    outcome: str | None = None
    correct: bool
    at: Timestamp | None = None


class InvestmentRecorded(Event):
    """Money was put into an initiative."""

    entry_id: Text
    initiative_id: Text
    period: str | None = None
    amount: Money
    currency: str | None = None
    planned_return: Rate | None = None
    sponsor_id: str | None = None
    at: Timestamp | None = None


class BenefitRecorded(Event):
    """An initiative brought money."""

    entry_id: Text
    initiative_id: Text
    period: str | None = None
    amount: Money
    currency: str | None = None
    metric: str | None = None
    source: str | None = None
    at: Timestamp | None = None


class MetricDefined(Event):
    """A metric was defined."""

    metric_id: Text
    version: int
    formula: Text
    unit: str | None = None
    owner_role: Text
    at: Timestamp | None = None


class ForecastViewRead(Event):
    """A system or a person read a period's forecast total."""

    consumer: Text
    period: Text
    total: Money
    currency: str | None = None
    versions: Mapping[str, str] | None = None
    at: Timestamp | None = None
