"""What customers say, answer and do."""

from __future__ import annotations

from pydantic import model_validator

from sharedchain.events.base import Event, Rate, Text, Timestamp, missing


class VoiceSubmitted(Event):
    """A customer said something about a product."""

    voice_id: Text
    customer_id: str | None = None
    product_id: str | None = None
    theme: Text
    text: str | None = None
    sentiment: str | None = None
    at: Timestamp | None = None


class CustomerSurveyAnswered(Event):
    """A customer answered a survey."""

    answer_id: Text
    customer_id: Text
    score: Rate
    about: str | None = None
    product_id: str | None = None
    region: str | None = None
    comment: str | None = None
    at: Timestamp | None = None


class CustomerUsageReported(Event):
    """How far the use by a customer fell."""

    customer_id: Text
    drop_ratio: Rate
    window: str | None = None
    product_id: str | None = None
    at: Timestamp | None = None


class CustomerBehaviourTracked(Event):
    """What a customer or a visitor did."""

    behaviour_id: Text
    customer_id: str | None = None
    visitor: str | None = None
    type: Text
    item: str | None = None
    dwell_s: int | None = None
    at: Timestamp | None = None

    @model_validator(mode="after")
    def _by_whom(self) -> CustomerBehaviourTracked:
        if not (self.customer_id or self.visitor):
            raise missing("customer_id", "a behaviour names its customer_id or its visitor")
        return self
