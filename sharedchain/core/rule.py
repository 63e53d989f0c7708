"""The declaration of a rule (rules/<domain>/R-nn.yaml), as read from the log."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from sharedchain.core.wording import Duration, Language, Model, Severity, Words, rank

Recipient = Annotated[str, Field(pattern=r"^(owner|role:[a-z_]+)$")]
# One path, or several whose texts are joined.
Paths = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
# Names that mean something else in conditions and texts.
_TAKEN = {"message", "meta", "metric", "prev", "m", "subject", "value", "threshold", "severity", "transition"}
_TAKEN |= {"owner", "scope", "currency", "timezone", "opened_at", "language"}


class OnEvent(Model):
    """Looks at each accepted event, refusal or event of the forecast view of these types."""

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


class Look(Model):
    """Looks up a row of `entity` (sharedchain/core/lookup.py) by the texts at these paths."""

    entity: str
    id: Paths = Field(min_length=1)
    optional: bool = False  # a row that is not there is empty; else the rule does not look at the event


class Clear(Model):
    """Events that end the open alert of a subject; all paths are into the clearing event."""

    event: tuple[str, ...] = Field(min_length=1)
    when: When = When()
    subject: Paths = Field(min_length=1)
    part: str = ""


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
    with_: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")], Look] = Field(default={}, alias="with")
    if_: tuple[str, ...] = Field(default=(), alias="if")  # CEL; unless all hold, the rule does not look at the event
    when: When = When()
    bands: tuple[Band, ...] = Field(min_length=1)
    magnitude: bool = False  # bands look at the value without its sign
    one_shot: bool = False  # one alert per causing fact, open until acknowledged
    for_: Duration | None = Field(default=None, alias="for")
    keep_firing_for: Duration | None = None
    subject: Paths = Field(min_length=1)  # a dim of the measure, or paths into the event, joined by "/"
    part: str = ""  # event rules: a path; each part of a subject has its own open alert
    value: Paths = ()  # event rules: paths whose texts the alert shows; bands look at the first
    unit: str = ""  # event rules: a path, or the unit itself
    owner: str = Field(pattern=r"^role:[a-z_]+$")
    subject_owner: str = ""  # event rules: a path to the employee whom `owner` in `to` means
    to: Mapping[Severity, tuple[Recipient, ...]]
    otherwise: Recipient = "role:data_steward"  # told when `to` finds nobody
    texts: Mapping[Language, Text]
    clear: tuple[Clear, ...] = ()  # event rules: what ends an open alert; `when` not holding then does nothing
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
        if isinstance(self.on, OnEvent) and not self.value and any(b.threshold is not None for b in self.bands):
            raise ValueError("bands with thresholds need `value`, a path to a number")
        return self

    @model_validator(mode="after")
    def _of_events(self) -> Self:
        given = {"with": self.with_, "if": self.if_, "part": self.part, "unit": self.unit, "clear": self.clear}
        said = [key for key, value in given.items() if value]
        if isinstance(self.on, OnMeasure) and said:
            raise ValueError(f"`{said[0]}` is for rules on events; this one looks at a measure")
        if isinstance(self.on, OnEvent) and self.action:
            raise ValueError("`action` needs a measure by forecast under `on`")
        if isinstance(self.on, OnMeasure) and len(self.subject) > 1:
            raise ValueError("a rule on a measure has one subject: a dim of it")
        if self.one_shot and self.clear:
            raise ValueError("a one-shot alert stays until it is acknowledged: drop `clear` or `one_shot`")
        if any(bool(clear.part) != bool(self.part) for clear in self.clear):
            raise ValueError("`part` must stand both in the rule and in each `clear`, or in none")
        taken = sorted(_TAKEN & set(self.with_))
        if taken:
            raise ValueError(f"`with` cannot be called {taken[0]}: that name means something else; take another")
        return self

    def band(self, value: Decimal | None) -> Band | None:
        """The highest band that holds, or None: the condition is not met."""
        seen = abs(value) if self.magnitude and value is not None else value
        held = [band for band in self.bands if band.holds(seen)]
        return max(held, key=lambda band: rank(band.severity), default=None)
