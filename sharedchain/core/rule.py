"""The declaration of a rule (rules/<domain>/R-nn.yaml), as read from the log."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from sharedchain.core.wording import Duration, Language, Model, Severity, Words, rank

Recipient = Annotated[str, Field(pattern=r"^(owner|role:[a-z_]+)$")]


class OnEvent(Model):
    """Looks at each accepted event, or refusal, of these types."""

    event: tuple[str, ...] = Field(min_length=1)


class OnMeasure(Model):
    """Looks at each new row of a gauge with exactly these dims: at minute close, or at its daily sample."""

    measure: str
    dims: tuple[str, ...] = ("period",)


On = Annotated[
    Annotated[OnEvent, Tag("event")] | Annotated[OnMeasure, Tag("measure")],
    Discriminator(lambda v: "event" if isinstance(v, OnEvent) or (isinstance(v, dict) and "event" in v) else "measure"),
]


class When(Model):
    """CEL conditions: every one of `all`, and one of `any` if there are any."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()


class Band(Model):
    """A severity and the threshold that opens it; the highest band that holds counts."""

    severity: Severity
    over: Decimal | None = None
    at_least: Decimal | None = None
    under: Decimal | None = None
    at_most: Decimal | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(bound is not None for bound in (self.over, self.at_least, self.under, self.at_most)) > 1:
            raise ValueError("a band has one threshold: over, at_least, under or at_most")
        return self

    @property
    def threshold(self) -> Decimal | None:
        return next((b for b in (self.over, self.at_least, self.under, self.at_most) if b is not None), None)

    @property
    def sign(self) -> str:
        named = {">": self.over, ">=": self.at_least, "<": self.under, "<=": self.at_most}
        return next((sign for sign, bound in named.items() if bound is not None), "")

    def holds(self, value: Decimal | None) -> bool:
        """Compared in Decimal; a band without a threshold always holds, one with never without a value."""
        limit = self.threshold
        if limit is None or value is None:
            return limit is None
        return {">": value > limit, ">=": value >= limit, "<": value < limit, "<=": value <= limit}[self.sign]


class Text(Model):
    title: str
    text: str


class Action(Model):
    """What the rule derives beside the alert when it is raised."""

    derive: Literal["forecast.refresh.requested"]


class Rule(Model):
    id: str = Field(pattern=r"^R-\d\d[a-z]?$")
    version: int = Field(ge=1)
    title: Words
    on: On
    when: When = When()
    bands: tuple[Band, ...] = Field(min_length=1)
    magnitude: bool = False  # bands look at the value without its sign
    one_shot: bool = False  # one alert per causing fact, open until acknowledged
    for_: Duration | None = Field(default=None, alias="for")
    keep_firing_for: Duration | None = None
    subject: str  # a dim of the measure, or a path into message or meta
    value: str = ""  # event rules: a path whose text the alert shows as its value
    owner: str = Field(pattern=r"^role:[a-z_]+$")
    subject_owner: str = ""  # event rules: a path to the employee whom `owner` in `to` means
    to: Mapping[Severity, tuple[Recipient, ...]]
    otherwise: Recipient = "role:data_steward"  # told when `to` finds nobody
    texts: Mapping[Language, Text]
    link: str = ""  # template of a path at the gateway; empty = the alert's page
    action: Action | None = None
    mode: Literal["observe", "suggest", "act"]
    goal_measure: str = ""
    runbook: str
    tests: tuple[Mapping[str, Any], ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for band in self.bands:
            if band.severity not in self.to:
                raise ValueError(f"band {band.severity} tells nobody: add it under `to`")
        if len({band.severity for band in self.bands}) != len(self.bands):
            raise ValueError("two bands of one severity: keep one")
        missing = [language for language in ("zh", "en") if language not in self.texts]
        if missing:
            raise ValueError(f"texts lack {', '.join(missing)}")
        if self.one_shot and (self.for_ or self.keep_firing_for):
            raise ValueError("a one-shot rule has no duration: drop `for` and `keep_firing_for`")
        if isinstance(self.on, OnEvent) and (self.for_ or self.keep_firing_for):
            raise ValueError("`for` and `keep_firing_for` need a measure under `on`: events have no duration")
        if isinstance(self.on, OnEvent) and self.value == "" and any(b.threshold is not None for b in self.bands):
            raise ValueError("bands with thresholds need `value`, a path to a number")
        return self

    def band(self, value: Decimal | None) -> Band | None:
        """The highest band that holds, or None: the condition is not met."""
        seen = abs(value) if self.magnitude and value is not None else value
        held = [band for band in self.bands if band.holds(seen)]
        return max(held, key=lambda band: rank(band.severity), default=None)
