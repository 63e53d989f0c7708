"""The `tests:` at the bottom of a rule: its cases, judged by the code that judges facts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, TypeAdapter, ValidationError

from sharedchain.core import clock, fold, judge
from sharedchain.core.desk import Desk
from sharedchain.core.emit import Emitter
from sharedchain.core.gauges import Change, key_of
from sharedchain.core.measures import Measure
from sharedchain.core.payload import Avro, payload
from sharedchain.core.rule import OnMeasure
from sharedchain.core.ruleset import Ready, config_hash, ruleset
from sharedchain.core.settings import DEFAULT
from sharedchain.core.state import Employee, Forecast, Item, Sample, ScopeState, State
from sharedchain.core.wording import Duration, Model
from sharedchain.errors import Refused
from sharedchain.fact import Derived, Fact
from sharedchain.fit import fitted

_OURS = ("alert.", "metric.", "forecast.", "rule.", "shadow.")  # said by the core itself
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z


class Message(Model):
    """An event rule: the payload of one event, judged by itself; a field left out is null."""

    message: Mapping[str, Any]
    type: str = ""
    backfill: bool = False
    after: Duration | None = None  # among `events`: since the entry before, instead of `every`


class Values(Model):
    """A measure rule: its values one after the other, `every` apart; null = no value. `events` (master data, what
    fills tables) are folded before; `dims` not said are called `subject`."""

    values: tuple[Decimal | None, ...]
    every: Duration = 60_000
    events: tuple[Message, ...] = ()
    dims: Mapping[str, str] = {}


class Tick(Model):
    """Among `events`: only time goes on."""

    tick: Literal[True]
    after: Duration | None = None


class Events(Model):
    """Events one after the other, `every` apart, folded as the engine folds them; each says its type."""

    events: tuple[Message | Tick, ...] = Field(min_length=1)
    every: Duration = 60_000


def _form(given: Any) -> str:
    keys = given if isinstance(given, Mapping) else type(given).model_fields if isinstance(given, Model) else ()
    return next((key for key in ("values", "events") if key in keys), "message")


Given = Annotated[
    Annotated[Values, Tag("values")] | Annotated[Events, Tag("events")] | Annotated[Message, Tag("message")],
    Discriminator(_form),
]


class Expected(Model):
    """An alert: its transition and severity; what is not said here is not compared."""

    alert: str
    subject: str = ""
    to: tuple[str, ...] | None = None
    value: str = ""
    derives: tuple[str, ...] | None = None  # the types of what its action derives or commands

    def __str__(self) -> str:
        to = None if self.to is None else " ".join(self.to) or "nobody"
        does = None if self.derives is None else " ".join(self.derives) or "nothing"
        every = (("about", self.subject), ("says", self.value), ("to", to), ("derives", does))
        said = [f"{key} {word}" for key, word in every if word]
        return f"{self.alert} ({'; '.join(said)})" if said else self.alert


class Trial(Model):
    """One case. For values: one word each, `quiet` or as `raised YELLOW`. For a message: `quiet` or an alert. For
    events: a word or an alert each.

    Whoever holds a role is called `E-<role>`; the owner of a forecast `E-owner`.
    """

    name: str
    given: Given
    expect: Literal["quiet"] | Expected | tuple[str | Expected, ...]
    edge: bool = False  # it stands at a border: a cent less, a minute later, and the end would be another

    @property
    def words(self) -> tuple[str, ...]:
        """What is expected, in order, without its particulars."""
        every = self.expect if isinstance(self.expect, tuple) else (self.expect,)
        return tuple(one.alert if isinstance(one, Expected) else one for one in every)

    @property
    def fires(self) -> bool:
        return any(word != "quiet" for word in self.words)


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


def run(
    ready: Ready,
    trial: Trial,
    measures: Mapping[str, Measure],
    schemas: Mapping[str, Avro] | None = None,
    data: Mapping[str, Item] | None = None,
) -> Outcome:
    """Judge one case. A case that asks for what the rule cannot give ends as `cannot: …`.

    With `schemas`, by event type, payloads are read as the wire would bring them. `data`: config items that the rule
    may need, as tables and calendars.
    """
    expected = trial.expect if isinstance(trial.expect, tuple) else (trial.expect,)
    found: Sequence[Any]
    try:
        match trial.given:
            case Values():
                found = _values(ready, trial.given, expected, measures, schemas or {}, data or {})
            case Events():
                found = _events(ready, trial.given, expected, schemas or {}, data or {})
            case Message():
                found = [_message(ready, trial.given, expected[0], schemas or {}, data or {})]
    except (ValidationError, ValueError, KeyError, AttributeError, TypeError, ArithmeticError) as error:
        return Outcome(trial.name, trial.expect, f"cannot: {error}")
    if isinstance(trial.given, Message):
        return Outcome(trial.name, trial.expect, found[0])
    return Outcome(trial.name, expected, tuple(found))


def _values(
    ready: Ready,
    given: Values,
    expected: Sequence[str | Expected],
    measures: Mapping[str, Measure],
    schemas: Mapping[str, Avro],
    data: Mapping[str, Item],
) -> list[str | Expected]:
    on = ready.rule.on
    if not isinstance(on, OnMeasure):
        raise ValueError("this rule looks at events: give a `message`")
    state = _begun(ready, data)
    for number, event in enumerate(given.events, 1):
        state, _ = fold.step(state, [fact_of(event, event.type, number, START, schemas)])
    rules = replace(ruleset(state), measures=tuple(measures.values()))
    dims, scope = {dim: given.dims.get(dim, "subject") for dim in on.dims}, state.scopes["trial"]
    now, before, found = START, None, []
    for peer in measures.values():
        scope.gauges[key_of(peer.id, dims)] = Sample(dims, now, Decimal(1), 1, peer.unit)
    for number, value in enumerate(given.values):
        sample = Sample(dims, now, value, 1, measures[on.measure].unit, before)
        scope.gauges[key_of(on.measure, dims)] = sample
        desk = Desk("trial", scope, DEFAULT, rules, rules.enabled(("trial",)), now, Emitter(tick_at(1, now)))
        judge.expire(desk, now)
        clock.expire(desk, now)
        judge.on_change(desk, [ready], Change(measures[on.measure], dims, sample))
        hold(desk.out.said, schemas)
        found.append(_found(desk.out.said, expected[number] if number < len(expected) else "quiet"))
        before, now = value, now + given.every
    return found


def _message(
    ready: Ready, given: Message, expect: str | Expected, schemas: Mapping[str, Avro], data: Mapping[str, Item]
) -> str | Expected:
    on = ready.rule.on
    if isinstance(on, OnMeasure):
        raise ValueError("this rule looks at a measure: give `values`")
    fact, state = fact_of(given, given.type or ready.rule.events[0], 1, START, schemas), _begun(ready, data)
    scope, rules = state.scopes["trial"], ruleset(state)
    owner = judge.text_at({"message": fact.data}, ready.rule.subject_owner)
    if owner:
        scope.employees.setdefault(owner, Employee(role="sales"))
    desk = Desk("trial", scope, DEFAULT, rules, rules.enabled(("trial",)), START, Emitter(fact))
    judge.on_fact(desk, [ready], fact)
    hold(desk.out.said, schemas)
    return _found(desk.out.said, expect)


def _events(
    ready: Ready,
    given: Events,
    expected: Sequence[str | Expected],
    schemas: Mapping[str, Avro],
    data: Mapping[str, Item],
) -> list[str | Expected]:
    if isinstance(ready.rule.on, OnMeasure):
        raise ValueError("this rule looks at a measure: give `values`")
    if len(expected) != len(given.events):
        raise ValueError(f"{len(given.events)} events and {len(expected)} words: expect one each")
    state, now, found = _begun(ready, data), START, []
    for number, (event, expect) in enumerate(zip(given.events, expected, strict=True), 1):
        now += given.every if event.after is None else event.after
        if isinstance(event, Message) and not event.type:
            raise ValueError(f"event {number} has no type: say `type`")
        fact = tick_at(number, now) if isinstance(event, Tick) else fact_of(event, event.type, number, now, schemas)
        state, said = fold.step(state, [fact])
        hold(said, schemas)
        found.append(_found(said, expect))
    return found


def _begun(ready: Ready, data: Mapping[str, Item]) -> State:
    """A core in which this rule alone is in force."""
    bodies = {
        "rule/trial": ready.rule.model_dump(mode="json", by_alias=True),
        "pack/trial": {"id": "trial", "rules": [ready.rule.id]},
        "tenant/trial": {"mode": "driven", "packs": ["trial"]},
    }
    config = {**data, **{key: Item(json.dumps(body), json.dumps(body)) for key, body in bodies.items()}}
    return State(config=config, config_hash=config_hash(config), scopes={"trial": _scope(ready)})


def fact_of(given: Message, type_: str, seq: int, now: int, schemas: Mapping[str, Avro]) -> Fact:
    data = payload(schemas[type_], given.message) if type_ in schemas else given.message
    return Fact(
        partition=0, seq=seq, recorded=now, kind="refusal" if type_ == "record.rejected" else "fact", scope="trial",
        type=type_, id=str(seq), source="trial", subject="", time=now, tenant="trial", data=data,
        backfill=given.backfill,
    )  # fmt: skip


def tick_at(seq: int, now: int) -> Fact:
    return Fact(
        partition=0, seq=seq, recorded=now, kind="tick", scope="trial", type="clock.ticked", id=str(seq),
        source="trial", subject="", time=now, tenant="trial", data={},
    )  # fmt: skip


def hold(said: list[Derived], schemas: Mapping[str, Avro]) -> None:
    """What actions say is what their types hold. Raises ValueError naming the field."""
    for one in said:
        if one.type in schemas and not one.type.startswith(_OURS):
            try:
                fitted(schemas[one.type], one.data)
            except Refused as why:
                raise ValueError(f"{one.type}: {why}") from None


def _found(said: list[Derived], expect: str | Expected) -> str | Expected:
    """What was said, as exact as it was expected."""
    word, alerts = _said(said), [d.data for d in said if d.type.startswith("alert.")]
    if not isinstance(expect, Expected) or not alerts:
        return word
    data = alerts[0]
    return Expected(
        alert=word,
        subject=data["subject"] if expect.subject else "",
        to=tuple(data["recipients"]) if expect.to is not None else None,
        value=data["value_text"] if expect.value else "",
        derives=tuple(d.type for d in said if not d.type.startswith(("alert.", "metric.")))
        if expect.derives is not None
        else None,
    )


def _said(said: list[Derived]) -> str:
    alerts = [f"{d.type.removeprefix('alert.')} {d.data['severity']}" for d in said if d.type.startswith("alert.")]
    words = [word.removesuffix(" " + word.split()[1]) if word.startswith("resolved") else word for word in alerts]
    broken = [d.data["value_text"] for d in said if d.data.get("rule_id") == "R-00"]
    return f"error: {broken[0]}" if broken else "+".join(words) or "quiet"


def _scope(ready: Ready) -> ScopeState:
    scope = ScopeState("driven", START, DEFAULT.timezone, START)
    wanted = [*ready.rule.to.values(), (ready.rule.otherwise, "role:ops")]
    for recipient in dict.fromkeys(word for words in wanted for word in words if word.startswith("role:")):
        role = recipient.removeprefix("role:")
        scope.employees[f"E-{role}"] = Employee(role=role)
    zero = Decimal(0)
    scope.forecasts["subject"] = Forecast(1, "2026Q1", "ORG", "CN", "E-owner", "CNY", zero, zero, START, (0, 1))
    scope.employees["E-owner"] = Employee(role="sales")
    return scope
