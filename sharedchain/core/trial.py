"""The `tests:` at the bottom of a rule: its cases, judged by the code that judges facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from sharedchain.core import judge
from sharedchain.core.desk import Desk
from sharedchain.core.emit import Emitter
from sharedchain.core.gauges import Change, key_of
from sharedchain.core.measures import Measure
from sharedchain.core.routes import NOBODY
from sharedchain.core.rule import OnMeasure
from sharedchain.core.ruleset import Enabled, Ready, Ruleset
from sharedchain.core.settings import DEFAULT
from sharedchain.core.state import Employee, Forecast, Sample, ScopeState
from sharedchain.core.wording import Duration, Model
from sharedchain.fact import Derived, Fact

_START = 1_767_225_600_000  # 2026-01-01T00:00:00Z


class Values(Model):
    """A measure rule: its values one after the other, `every` apart; null = no value."""

    values: tuple[Decimal | None, ...]
    every: Duration = 60_000


class Message(Model):
    """An event rule: the payload of one event; a field left out is null."""

    message: Mapping[str, Any]
    type: str = ""
    backfill: bool = False


class Expected(Model):
    alert: str
    subject: str = ""
    to: tuple[str, ...] | None = None


class Trial(Model):
    """One case. For values: one word each, `quiet` or as `raised YELLOW`. For a message: `quiet` or an alert.

    Whoever holds a role is called `E-<role>`; the owner of a forecast `E-owner`.
    """

    name: str
    given: Values | Message
    expect: Literal["quiet"] | tuple[str, ...] | Expected

    @property
    def fires(self) -> bool:
        return self.expect != "quiet" and self.expect != ("quiet",) * len(getattr(self.given, "values", ()))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one case ended; `found` is said in the words of `expect`."""

    name: str
    expected: Any
    found: Any

    @property
    def ok(self) -> bool:
        return bool(self.expected == self.found)


_trials = TypeAdapter(tuple[Trial, ...])


def trials_of(raw: Any) -> tuple[Trial, ...]:
    """Read `tests:`. Raises pydantic.ValidationError."""
    return _trials.validate_python(raw)


def run(ready: Ready, trial: Trial, measures: Mapping[str, Measure]) -> Outcome:
    """Judge one case. A case that asks for what the rule cannot give ends as `cannot: …`."""
    try:
        if isinstance(trial.given, Values):
            found = _values(ready, trial.given, measures)
            expected = (trial.expect,) if isinstance(trial.expect, str) else trial.expect
            return Outcome(trial.name, expected, found)
        return Outcome(trial.name, *_message(ready, trial.given, trial.expect))
    except (ValidationError, ValueError, KeyError, AttributeError) as error:
        return Outcome(trial.name, trial.expect, f"cannot: {error}")


def _values(ready: Ready, given: Values, measures: Mapping[str, Measure]) -> tuple[str, ...]:
    on = ready.rule.on
    if not isinstance(on, OnMeasure):
        raise ValueError("this rule looks at events: give a `message`")
    dims = dict.fromkeys(on.dims, "subject")
    scope, now, before, found = _scope(ready), _START, None, []
    for peer in measures.values():
        scope.gauges[key_of(peer.id, dims)] = Sample(dims, now, Decimal(1), 1, peer.unit)
    for value in given.values:
        sample = Sample(dims, now, value, 1, measures[on.measure].unit, before)
        scope.gauges[key_of(on.measure, dims)] = sample
        desk = _desk(ready, scope, now, measures)
        judge.expire(desk, now)
        judge.on_change(desk, [ready], Change(measures[on.measure], dims, sample))
        found.append(_said(desk.out.said))
        before, now = value, now + given.every
    return tuple(found)


def _message(ready: Ready, given: Message, expect: Any) -> tuple[Any, Any]:
    on = ready.rule.on
    if isinstance(on, OnMeasure):
        raise ValueError("this rule looks at a measure: give `values`")
    type_ = given.type or on.event[0]
    fact = Fact(
        partition=0, seq=1, recorded=_START, kind="refusal" if type_ == "record.rejected" else "fact", scope="trial",
        type=type_, id="1", source="trial", subject="", time=_START, tenant="trial", data=given.message,
        backfill=given.backfill,
    )  # fmt: skip
    scope = _scope(ready)
    if owner := judge.walk({"message": given.message}, ready.rule.subject_owner or "message"):
        scope.employees.setdefault(str(owner), Employee(role="sales")) if isinstance(owner, str) else None
    desk = _desk(ready, scope, _START, {}, fact)
    judge.on_fact(desk, [ready], fact)
    found: Any = _said(desk.out.said)
    if isinstance(expect, Expected) and desk.out.said:
        data = desk.out.said[0].data
        found = Expected(
            alert=found,
            subject=data["subject"] if expect.subject else "",
            to=tuple(data["recipients"]) if expect.to is not None else None,
        )
    return expect, found


def _said(said: list[Derived]) -> str:
    alerts = [f"{d.type.removeprefix('alert.')} {d.data['severity']}" for d in said if d.type.startswith("alert.")]
    words = [word.removesuffix(" " + word.split()[1]) if word.startswith("resolved") else word for word in alerts]
    broken = [d.data["value_text"] for d in said if d.data.get("rule_id") == "R-00"]
    return f"error: {broken[0]}" if broken else "+".join(words) or "quiet"


def _scope(ready: Ready) -> ScopeState:
    scope = ScopeState("driven", _START, DEFAULT.timezone, _START)
    wanted = [*ready.rule.to.values(), (ready.rule.otherwise, "role:ops")]
    for recipient in dict.fromkeys(word for words in wanted for word in words if word.startswith("role:")):
        role = recipient.removeprefix("role:")
        scope.employees[f"E-{role}"] = Employee(role=role)
    zero = Decimal(0)
    scope.forecasts["subject"] = Forecast(1, "2026Q1", "ORG", "CN", "E-owner", "CNY", zero, zero, _START, (0, 1))
    scope.employees["E-owner"] = Employee(role="sales")
    return scope


def _desk(ready: Ready, scope: ScopeState, now: int, measures: Mapping[str, Measure], fact: Fact | None = None) -> Desk:
    enabled = Enabled({}, {}, {ready.rule.id: ready}, 10)
    rules = Ruleset(tuple(measures.values()), {ready.rule.id: ready}, {}, NOBODY, {}, {}, {})
    tick = fact or Fact(
        partition=0, seq=1, recorded=now, kind="tick", scope="trial", type="clock.ticked", id="1", source="trial",
        subject="", time=now, tenant="trial", data={},
    )  # fmt: skip
    return Desk("trial", scope, DEFAULT, rules, enabled, now, Emitter(tick))
