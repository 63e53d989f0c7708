"""The declaration of a rule (rules/<domain>/R-nn.yaml), as read from the log."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sharedchain.core import consistent
from sharedchain.core.on import Clock, DayOfMonth, NoData, On, OnClock, OnEvent, OnMeasure, Paths, Stop, When
from sharedchain.core.sighted import Sighted
from sharedchain.core.wording import Duration, Language, Model, Severity, rank

__all__ = ["Clock", "NoData", "OnClock", "OnEvent", "OnMeasure", "Paths", "Rule", "Stop", "When"]

# `owner` is the subject's, a path names an employee, as message.accountable_id
Recipient = Annotated[str, Field(pattern=r"^(owner|role:[a-z_]+|[a-z][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+)$")]

_DIGITS = 14  # before the point: a value of an alert is decimal(18,4)


class Clear(Model):
    """Events that end the open alert of a subject; all paths are into the clearing event."""

    event: tuple[str, ...] = Field(min_length=1)
    when: When = When()
    subject: Paths = Field(min_length=1)
    part: str = ""


class Of(Model):
    """At least n of the last m judgements."""

    n: int = Field(ge=1)
    m: int = Field(ge=1, le=1000)


class Band(Model):
    """A severity and the threshold that opens it; the highest band that holds counts."""

    severity: Severity
    over: Decimal | None = None
    at_least: Decimal | None = None
    under: Decimal | None = None
    at_most: Decimal | None = None
    release: Decimal | None = None  # once in the band, it is left only when the value is back here or beyond

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(bound is not None for bound in (self.over, self.at_least, self.under, self.at_most)) > 1:
            raise ValueError("a band has one threshold: over, at_least, under or at_most")
        limit = self.threshold
        if large := [bound for bound in (limit, self.release) if bound is not None and bound.adjusted() >= _DIGITS]:
            raise ValueError(
                f"{large[0]} is no threshold that an alert can carry: at most fourteen digits stand before the point"
            )
        if self.release is not None and limit is None:
            raise ValueError("`release` needs a threshold to come back from: add over, at_least, under or at_most")
        if (
            self.release is not None
            and limit is not None
            and (self.release > limit if self.up else self.release < limit)
        ):
            side = "below" if self.up else "above"
            raise ValueError(f"`release` {self.release} lies in the band itself: it must be at or {side} {limit}")
        return self

    @cached_property
    def threshold(self) -> Decimal | None:
        return next((b for b in (self.over, self.at_least, self.under, self.at_most) if b is not None), None)

    @cached_property
    def up(self) -> bool:
        """The band lies above its threshold."""
        return self.over is not None or self.at_least is not None

    @cached_property
    def sign(self) -> str:
        named = {">": self.over, ">=": self.at_least, "<": self.under, "<=": self.at_most}
        return next((sign for sign, bound in named.items() if bound is not None), "")

    def holds(self, value: Decimal | None, *, inside: bool = False) -> bool:
        """Compared in Decimal; a band without a threshold always holds, one with never without a value.

        `inside`: it held before, so it holds until the value is back at `release`.
        """
        limit = self.threshold
        if limit is None or value is None:
            return limit is None
        if inside and self.release is not None:
            return value > self.release if self.up else value < self.release
        match self.sign:
            case ">":
                return value > limit
            case ">=":
                return value >= limit
            case "<":
                return value < limit
        return value <= limit


class Text(Model):
    title: str = Field(pattern=r"^[^\x00-\x1f\x7f]*$")  # one line: it stands in lists, subjects of mails, terminals
    text: str


class Caps(Model):
    """How often a rule may act; over it only suggestions, told once."""

    per_day: int = Field(ge=1)


class Rule(Sighted):
    """Its `action` is what it derives or commands when it is raised."""

    id: str = Field(pattern=r"^R-\d\d[a-z]?$")
    on: On
    if_: tuple[str, ...] = Field(default=(), alias="if")  # CEL; unless all hold, the rule does not look at the event
    bands: tuple[Band, ...] = Field(min_length=1)
    magnitude: bool = False  # bands look at the value without its sign
    one_shot: bool = False  # one alert per causing fact, open until acknowledged
    for_: Duration | None = Field(default=None, alias="for")
    keep_firing_for: Duration | None = None
    consecutive: int | None = Field(default=None, ge=1, le=1000)  # = of {n, m} with both this
    of: Of | None = None
    cooldown: Duration | None = None  # after it was resolved, it is not raised again before
    falls: Literal["silent", "told"] = "silent"  # coming down to a lower band: says nothing, or `eased`
    no_data: NoData | None = None  # rules on measures
    checkpoints: tuple[DayOfMonth, ...] = ()  # measures and clocks: judged only at these local midnights
    scope: Mapping[str, tuple[str, ...]] = {}  # path → the values for which the rule applies
    rollout: int = Field(default=100, ge=0, le=100)  # percent of subjects
    subject: Paths = Field(min_length=1)  # dims of the measure, or paths into the event, joined by "/"
    part: str = ""  # events and clocks: a path; each part of a subject has its own open alert
    value: Paths = ()  # event rules: paths whose texts the alert shows; bands look at the first
    unit: str = ""  # event rules: a path, or the unit itself; clocks: ms, s, min, h, d or share
    subject_owner: str = ""  # a path to the employee whom `owner` in `to` means
    to: Mapping[Severity, tuple[Recipient, ...]]
    otherwise: Recipient = "role:data_steward"  # told when `to` finds nobody
    texts: Mapping[Language, Text]
    clear: tuple[Clear, ...] = ()  # event rules: what ends an open alert; `when` not holding then does nothing
    link: str = ""  # template of a path at the gateway; empty = the alert's page
    caps: Caps | None = None
    mode: Literal["observe", "suggest", "act"]
    goal_measure: str = ""
    runbook: str

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        found = list(consistent.findings(self))
        if found:
            raise ValueError("\n".join(found))
        return self

    @property
    def events(self) -> tuple[str, ...]:
        """The event types it looks at; those that start a clock; none for a measure."""
        match self.on:
            case OnEvent(event=types):
                return types
            case OnClock(clock=clock):
                return clock.start
        return ()

    @cached_property
    def history(self) -> Of | None:
        """Of how many judgements how many must hold; None: each counts by itself."""
        return Of(n=self.consecutive, m=self.consecutive) if self.consecutive else self.of

    def missing(self) -> tuple[Band, ...]:
        """The band that holds when its measure has had no value for too long: none, unless `no_data` rings."""
        if self.no_data is None or self.no_data.then != "ring":
            return ()
        severity = self.no_data.severity or sorted((band.severity for band in self.bands), key=rank)[0]
        return (next((band for band in self.bands if band.severity == severity), Band(severity=severity)),)

    def held(self, value: Decimal | None, before: tuple[Severity, ...] = ()) -> tuple[Band, ...]:
        """The bands that hold, lowest first; `before`: those that held at the judgement before."""
        seen = abs(value) if self.magnitude and value is not None else value
        found = [band for band in self.bands if band.holds(seen, inside=band.severity in before)]
        return tuple(sorted(found, key=lambda band: rank(band.severity)))

    def band(self, value: Decimal | None, before: tuple[Severity, ...] = ()) -> Band | None:
        """The highest band that holds, or None: the condition is not met."""
        return next(reversed(self.held(value, before)), None)
