"""A branch of the log: what if some facts had been others, or more, or not there. Pure but for the facts' source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Self

from pydantic import Field, model_validator

from deploy.backtest.alarms import Alarm, Alarms
from deploy.backtest.overlay import Candidate
from deploy.backtest.run import END, Bench
from sharedchain.core.cel import CelError, Condition, compile_condition
from sharedchain.core.payload import Avro, payload
from sharedchain.core.ruleset import ruleset
from sharedchain.core.wording import Model
from sharedchain.fact import Derived, Fact
from sharedchain.scope import partition_of

_DAY = 86_400_000


class Added(Model):
    """One more fact. `at`: local moment; without it, where the log ends."""

    type: str
    data: Mapping[str, Any]
    at: str = ""
    subject: str = ""


class Which(Model):
    """Facts of the log: of this type, for which the condition holds."""

    type: str
    where: str = ""  # CEL over message and meta


class Changed(Which):
    """What is other in them. `each`: in the elements of that list for which `only` (CEL over item) holds."""

    each: str = ""
    only: str = ""
    set: Mapping[str, Any] = {}
    scale: Mapping[str, Decimal] = {}  # field → factor
    shift: Mapping[str, int] = {}  # field → days, of dates and instants

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.set or self.scale or self.shift):
            raise ValueError("a change says `set`, `scale` or `shift`")
        return self


class Plan(Model):
    """A file of hypotheses about one company."""

    tenant: str
    until: str = ""  # time goes on to this local day or moment; without it, to the end of the log
    add: tuple[Added, ...] = ()
    change: tuple[Changed, ...] = ()
    drop: tuple[Which, ...] = ()
    title: str = Field(default="", max_length=200)


class Numbers:
    """The measures as they stand: gauges as last told, flows added up."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, tuple[tuple[str, str], ...]], Decimal | None] = {}
        self.units: dict[str, str] = {}

    def hear(self, derived: Iterable[Derived], flows: Callable[[str], bool]) -> None:
        for event in derived:
            if not event.type.startswith("metric."):
                continue
            data = event.data
            key = (data["metric_id"], tuple(sorted(data["dims"].items())))
            self.units[key[0]] = data["unit"]
            before = self.found.get(key)
            if flows(key[0]):
                self.found[key] = (before or Decimal(0)) + (data["value"] or 0) - (data.get("old") or 0)
            else:
                self.found[key] = data["value"]


class Side:
    """The log, or its branch, with what it says."""

    def __init__(self) -> None:
        self.bench = Bench(Candidate("live"))
        self.numbers = Numbers()
        self.alarms: list[Alarm] = []
        self._collect: Alarms = self.bench.alarms

    def take(self, fact: Fact) -> None:
        self._hear(self.bench.take(fact))

    def wait(self, scope: str, until: int) -> None:
        """Time goes on, and nothing else happens."""
        self._hear(list(self.bench.rest(lambda name: until if name == scope else 0)))

    def end(self) -> list[Alarm]:
        """All alerts, oldest first; those that still ring have no end."""
        return sorted([*self.alarms, *self._collect.standing()], key=lambda alarm: (alarm.opened, alarm.id))

    def _hear(self, said: Sequence[Derived]) -> None:
        if said:
            self.numbers.hear(said, self._flows)
            self.alarms += self._collect.take(said)

    def _flows(self, measure: str) -> bool:
        return any(
            one.id == measure and one.kind == "flow" for state in self.bench.states() for one in ruleset(state).measures
        )


def branched(
    facts: Iterable[Fact],
    plan: Plan,
    schemas: Mapping[str, Avro],
    at: Callable[[str], int],
) -> tuple[Side, Side]:
    """(the log, its branch), both folded by the same core up to the same moment. `at` reads moments.

    Raises ValueError for a hypothesis that fits no event.
    """
    base, branch = Side(), Side()
    altered = _altering(plan)
    waiting = sorted(
        ((at(one.at) if one.at else END, n, one) for n, one in enumerate(plan.add)), key=lambda row: row[:2]
    )
    last = 0
    for fact in facts:
        mine = fact.scope == plan.tenant
        while mine and waiting and waiting[0][0] < fact.recorded:
            when, number, one = waiting.pop(0)
            branch.take(_fact(plan.tenant, one, number, when, schemas))
        base.take(fact)
        if (other := altered(fact) if mine and fact.kind == "fact" else fact) is not None:
            branch.take(other)
        last = max(last, fact.recorded) if mine else last
    for when, number, one in waiting:
        moment = last if when == END else when
        branch.wait(plan.tenant, moment)
        branch.take(_fact(plan.tenant, one, number, moment, schemas))
        last = max(last, moment)
    end = max(at(plan.until) if plan.until else last + 60_000, last)  # a minute more closes the last one
    for side in (base, branch):
        side.wait(plan.tenant, end)
    return base, branch


def _altering(plan: Plan) -> Callable[[Fact], Fact | None]:
    """A fact as it is on the branch; None = it is not there."""
    drops = [(one, _condition(one.where)) for one in plan.drop]
    changes = [(one, _condition(one.where), _condition(one.only, ("item",))) for one in plan.change]

    def altered(fact: Fact) -> Fact | None:
        said = {"message": fact.data, "meta": {"subject": fact.subject, "id": fact.id, "time": fact.time}}
        if any(one.type == fact.type and _holds(where, said) for one, where in drops):
            return None
        for one, where, only in changes:
            if one.type == fact.type and _holds(where, said):
                fact = replace(fact, data=_other(fact.data, one, only))
        return fact

    return altered


def _other(data: Mapping[str, Any], change: Changed, only: Condition | None) -> dict[str, Any]:
    if not change.each:
        return _edited(data, change)
    rows = [_edited(row, change) if _holds(only, {"item": row}) else row for row in data[change.each] or ()]
    return {**data, change.each: rows}


def _edited(row: Mapping[str, Any], change: Changed) -> dict[str, Any]:
    done = {**row, **change.set}
    for name, factor in change.scale.items():
        if isinstance(found := done.get(name), Decimal):
            done[name] = (found * factor).quantize(found)
    for name, days in change.shift.items():
        match done.get(name):
            case date() as day:
                done[name] = day + timedelta(days=days)
            case int() as moment:
                done[name] = moment + days * _DAY
    return done


def _condition(source: str, names: tuple[str, ...] = ()) -> Condition | None:
    return compile_condition(source, names) if source else None


def _holds(condition: Condition | None, said: Mapping[str, Any]) -> bool:
    truth = condition.truth(said) if condition else True
    if isinstance(truth, CelError):
        raise ValueError(f"{condition.source if condition else ''}: {truth.text}")
    return truth


def _fact(tenant: str, one: Added, number: int, at: int, schemas: Mapping[str, Avro]) -> Fact:
    if one.type not in schemas:
        raise ValueError(f"{one.type} is no event type")
    return Fact(
        partition=partition_of(tenant), seq=0, recorded=at, kind="fact", scope=tenant, type=one.type,
        id=f"whatif/{number}", source="whatif", subject=one.subject, time=at, tenant=tenant,
        data=payload(schemas[one.type], one.data),
    )  # fmt: skip
