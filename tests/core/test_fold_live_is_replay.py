"""Live = replay, for every dynamic of the language at once, over three scopes on one partition.

A hypothesis state machine says random facts to a log: two driven tenants in zones and calendars of their own, and one
that lives by the wall; with a tick only where something is due, or, if ticks are late, only now and then. A live engine
takes them in slices cut anywhere, some of them twice, is killed and goes on from its last snapshot, or hands over to
another worker. In the end: one fold of the whole log into empty state decides the same, to the byte; what was folded
again after a crash is what had been decided; and, unless ticks are late, the same facts among a tick each minute
decide the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, cast, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sharedchain.config import ConfigItem, item
from sharedchain.core import fold
from sharedchain.core.localtime import MINUTE
from sharedchain.core.ruleset import ruleset
from sharedchain.core.state import NEVER
from sharedchain.fact import Derived, Fact
from sharedchain.scope import EVERY_WALL_SCOPE
from tests.core import dynamics, memories
from tests.core.line import ROLES, Line
from tests.core.test_fold import decided

DAY = 24 * 60
GROUPS, RULES = dynamics.GROUPS | memories.GROUPS, [*dynamics.RULES, *memories.RULES]
TENANTS: dict[str, dict[str, Any]] = {
    "dongchen": {"mode": "driven", "timezone": "Asia/Shanghai", "calendar": "CN", "language": "zh"},
    "brasil": {"mode": "driven", "timezone": "America/Sao_Paulo", "calendar": "BR", "language": "en"},
    "wall": {"mode": "wall", "timezone": "Europe/Berlin", "calendar": "DE", "language": "en"},
}
SCOPES = st.sampled_from(sorted(TENANTS))
LEADS = st.sampled_from(["L-1", "L-2"])
AMOUNTS = st.sampled_from(["1.00", "4.99", "5.00", "8.00", "9.00"])
PASSED = st.sampled_from([0, 1, 1, 5, 10, 30, 60, 180, 26 * 60, 3 * DAY])  # minutes
PACKS = st.lists(st.sampled_from(sorted(GROUPS)), min_size=1, unique=True)


class Engine:
    """What streams/engine.py does with the log: takes slices, remembers what it decided, can die. `load` reads what
    it saved."""

    def __init__(self, load: Callable[[bytes], fold.State] = fold.load) -> None:
        self.state, self.have, self.decided, self.load = fold.new_state(), 0, list[Derived](), load
        self.snapshot = (0, fold.dump(self.state), 0)  # have, bytes, number of decisions by then

    def take(self, slice_: Sequence[Fact]) -> None:
        fresh = [fact for fact in slice_ if fact.seq > self.have]
        assert not fresh or fresh[0].seq == self.have + 1
        self.state, said = fold.step(self.state, fresh)
        self.decided += said
        self.have = max(self.have, *(fact.seq for fact in fresh)) if fresh else self.have

    def save(self) -> None:
        self.snapshot = (self.have, fold.dump(self.state), len(self.decided))

    def die(self, log: Sequence[Fact], cuts: int) -> None:
        """Another process goes on: from the snapshot, silently to what was decided, in slices of another size."""
        seen, raw, number = self.snapshot
        state, said = self.load(raw), list[Derived]()
        tail = log[seen : self.have]
        for at in range(0, len(tail), cuts):
            state, more = fold.step(state, tail[at : at + cuts])
            said += more
        assert said == self.decided[number:], "a recovery decided something else"
        assert fold.dump(state) == fold.dump(self.state), "a recovery remembers something else"
        self.state = state


class LiveIsReplay(RuleBasedStateMachine):
    shadow: ConfigItem | None = None

    @initialize(packs=PACKS, late=st.sampled_from([False, False, True]))
    def begin(self, packs: list[str], late: bool) -> None:
        self.sparse, self.dense, self.engine = Line(), Line(), Engine()
        self.lines = (self.sparse,) if late else (self.sparse, self.dense)
        self.late, self.version = late, 1
        for line in self.lines:
            line.now = line.ms("2026-04-01 08:00")
            told = [item("tenant", name, said | {"packs": packs}) for name, said in TENANTS.items()]
            line.configure([*memories.shipped(), *dynamics.items(), *memories.items(), *told])
        for name in TENANTS:
            self._tick(name, self.lines, self.sparse.now)
            self._all(name, lambda line: [line.employee(*one) for one in ROLES.items()])
        assert ruleset(self.sparse.state).broken == {}

    def _all(self, scope: str, say: Callable[[Line], Any]) -> None:
        for line in self.lines:
            line.scope = scope
            say(line)

    def _say(self, scope: str, type_: str, data: dict[str, Any], **more: Any) -> None:
        self._all(scope, lambda line: line.add("fact", type_, data, **more))

    def _tick(self, scope: str, lines: Sequence[Line], at: int) -> None:
        for line in lines:
            line.tick(at, EVERY_WALL_SCOPE if TENANTS[scope]["mode"] == "wall" else scope)

    @rule(minutes=PASSED)
    def time_passes(self, minutes: int) -> None:
        until = self.sparse.now - self.sparse.now % MINUTE + minutes * MINUTE
        for at in () if self.late else range(self.dense.now + MINUTE, until + 1, MINUTE):
            for name in TENANTS:
                self._tick(name, [self.dense], at)
        while not self.late:
            due = {name: self._due(name) for name in TENANTS}
            if (at := min(due.values())) > until:
                break
            for name in [name for name in TENANTS if due[name] == at]:
                self._tick(name, [self.sparse], at)
        self.sparse.now = self.dense.now = until

    @rule(scope=SCOPES)
    def a_late_tick_comes(self, scope: str) -> None:
        if self.late:
            self._tick(scope, [self.sparse], self.sparse.now)

    def _due(self, scope: str) -> int:
        """The next whole minute at which anything is due for a scope; time in the log never falls."""
        state = self.sparse.state
        wake = state.wake if TENANTS[scope]["mode"] == "wall" else state.scopes[scope].wake
        if wake >= NEVER:
            return NEVER
        return max(-(-wake // MINUTE) * MINUTE, self.sparse.now + MINUTE)

    @rule(scope=SCOPES, lead=LEADS, amount=AMOUNTS, region=st.sampled_from(["DE", "DE", "XX"]),
          many=st.sampled_from([2, 2, 150]), due=st.integers(0, 300), lines=st.lists(AMOUNTS, max_size=3),
          backfill=st.integers(0, 9))  # fmt: skip
    def lead_captured(
        self, scope: str, lead: str, amount: str, region: str, many: int, due: int, lines: list[str], backfill: int
    ) -> None:
        now = self.sparse.now
        data: dict[str, Any] = {"lead_id": lead, "owner_id": "E001", "region": region, "amount": Decimal(amount)}
        data |= {"many": list(range(many)), "due_at": now + due * MINUTE, "channel": None, "limit": Decimal("20.00")}
        data |= {"lines": [{"no": str(n % 2), "amount": Decimal(one)} for n, one in enumerate(lines)]}
        data |= {"due_on": (datetime.fromtimestamp(now / 1000, UTC) + timedelta(days=due % 5)).date()}
        self._say(scope, "lead.captured", data, backfill=backfill == 9)

    @rule(scope=SCOPES, lead=LEADS)
    def lead_disqualified(self, scope: str, lead: str) -> None:
        self._say(scope, "lead.disqualified", {"lead_id": lead, "reason": "x", "region": "DE"})

    @rule(scope=SCOPES, equipment=st.sampled_from(["E-1", "E-2"]), metric=st.sampled_from(["t", "p"]), value=AMOUNTS)
    def reading(self, scope: str, equipment: str, metric: str, value: str) -> None:
        self._all(scope, lambda line: line.reading(equipment, metric, value))

    @rule(scope=SCOPES, amount=st.sampled_from([50, 80, 94, 100]), backfill=st.integers(0, 9))
    def forecast(self, scope: str, amount: int, backfill: int) -> None:
        self.version += 1
        self._all(scope, lambda line: line.target(100))
        self._all(scope, lambda line: line.forecast("DE", self.version, {"": amount}, backfill=backfill == 9))

    @rule(which=st.integers(0, 99))
    def acknowledge(self, which: int) -> None:
        rang = [one for one in self.sparse.said if one.type == "alert.raised"]
        if rang:
            one = rang[which % len(rang)]
            self._say(one.scope, "alert.acknowledged", {"alert_id": one.data["alert_id"], "by": "E010", "note": None})

    def _configure(self, *told: ConfigItem) -> None:
        for line in self.lines:
            line.configure([*told])

    @rule(which=st.sampled_from([one["id"] for one in RULES]), off=st.integers(0, 3))
    def a_rule_changes(self, which: str, off: int) -> None:
        self.version += 1
        named = dynamics if any(one["id"] == which for one in dynamics.RULES) else memories
        self._configure(named.changed(which, self.version) if off else item("rule", which, None))

    @rule()
    def a_version_runs_in_the_shadow(self) -> None:
        self.version += 1
        self.shadow = item("shadow", memories.TRIED, memories.version(self.version))
        self._configure(self.shadow)

    @rule()
    def it_is_promoted(self) -> None:
        if self.shadow:
            self._configure(replace(self.shadow, kind="rule"), item("shadow", memories.TRIED, None))
            self.shadow = None

    @rule()
    def a_version_is_for_half_of_the_subjects(self) -> None:
        self.version += 1
        self._configure(item("rule", memories.TRIED, memories.version(self.version, rollout=50)))

    @rule(what=st.sampled_from(["table", "measure", "minutes", "calendar"]))
    def what_rules_look_into_changes(self, what: str) -> None:
        self.version += 1
        self._configure(memories.other(what, self.version))

    @rule(scope=SCOPES, packs=PACKS, zone=st.sampled_from(["", "Asia/Tokyo"]))
    def a_tenant_changes(self, scope: str, packs: list[str], zone: str) -> None:
        self._tick(
            scope, self.lines, self.sparse.now
        )  # its zone may change: its next midnight counts from its last tick
        told = TENANTS[scope] | {"packs": packs} | ({"timezone": zone} if zone else {})
        self._configure(item("tenant", scope, told))

    @rule(back=st.integers(0, 5), many=st.integers(1, 40))
    def the_engine_takes_a_slice_some_of_it_twice(self, back: int, many: int) -> None:
        start = max(self.engine.have - back, 0)
        self.engine.take(self.sparse.facts[start : self.engine.have + many])

    @rule()
    def it_saves_a_snapshot(self) -> None:
        self.engine.save()

    @rule(cuts=st.integers(1, 7))
    def it_is_killed_or_hands_over(self, cuts: int) -> None:
        self.engine.die(self.sparse.facts, cuts)

    @invariant()
    def what_was_decided_is_a_beginning_of_the_log_s_own(self) -> None:
        assert self.engine.decided == self.sparse.said[: len(self.engine.decided)]

    def teardown(self) -> None:
        if not hasattr(self, "engine"):
            return
        self.time_passes(5 * 60)
        for name in TENANTS:
            self._tick(name, self.lines, self.sparse.now)
        self.engine.take(self.sparse.facts)
        assert self.engine.decided == self.sparse.said
        state, said = fold.step(fold.new_state(), self.sparse.facts)
        assert said == self.sparse.said
        assert fold.dump(state) == fold.dump(self.sparse.state) == fold.dump(self.engine.state)
        assert self.late or decided(self.dense.said) == decided(self.sparse.said)


def run(examples: int, steps: int) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    how = settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=quiet)
    run_state_machine_as_test(LiveIsReplay, settings=how)


def test_live_is_replay() -> None:
    run(examples=6, steps=15)


@pytest.mark.slow
def test_live_is_replay_at_length() -> None:
    run(examples=150, steps=50)


def lived(load: Callable[[bytes], fold.State] = fold.load) -> LiveIsReplay:
    """A life in which every rule rings; the engine saves, goes on for three facts, dies and hands over, all along."""
    machine = LiveIsReplay()
    machine.begin(sorted(GROUPS), late=False)
    machine.engine = Engine(load)
    for step in _life(machine):
        step()
        machine.it_saves_a_snapshot()
        machine.the_engine_takes_a_slice_some_of_it_twice(0, 10**6)
        machine.it_is_killed_or_hands_over(3)
    return machine


def _life(machine: LiveIsReplay) -> Iterator[Callable[[], None]]:
    for scope in TENANTS:
        for amount in ("9.00", "8.00", "9.00", "9.00"):
            yield partial(machine.lead_captured, scope, "L-1", amount, "XX", 150, 60, ["9.00"], 0)
            yield partial(machine.reading, scope, "E-1", "t", amount)
            yield partial(machine.time_passes, 5)
        yield partial(machine.forecast, scope, 50, 0)
    yield partial(machine.forecast, scope, 50, 9)
    yield from (partial(machine.acknowledge, which) for which in range(12))
    yield from (partial(machine.lead_captured, "wall", "L-2", "9.00", "XX", 150, 60, [], 0) for _ in range(7))
    machine.version = 9
    yield machine.a_version_runs_in_the_shadow
    yield partial(machine.reading, "wall", "E-1", "p", "9.00")
    yield machine.it_is_promoted
    machine.version = 8  # the ninth errs, and speaks of other subjects
    yield machine.a_version_is_for_half_of_the_subjects
    for equipment in ("E-1", "E-2", "E-1", "E-2", "E-1", "E-2"):
        yield partial(machine.reading, "brasil", equipment, "t", "8.00")
    yield partial(machine.time_passes, 26 * 60)
    for scope in TENANTS:
        yield partial(machine.lead_captured, scope, "L-2", "9.00", "DE", 2, 60, ["9.00"], 0)
        yield partial(machine.reading, scope, "E-2", "t", "9.00")
    for minutes in (240, 3 * DAY):
        yield partial(machine.time_passes, minutes)


def parts(of: Any) -> Iterator[Any]:
    """Every dataclass in the state, itself first."""
    if is_dataclass(of):
        yield of
    inside = vars(of).values() if is_dataclass(of) else of.values() if isinstance(of, dict) else of
    for one in inside if isinstance(of, dict | list) or is_dataclass(of) else ():
        yield from parts(one)


def empty(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def filled(state: fold.State) -> set[str]:
    """The fields of the state that hold something, as Class.field."""
    pairs = ((part, field) for part in parts(state) for field in fields(part))
    return {f"{type(p).__name__}.{f.name}" for p, f in pairs if getattr(p, f.name) != empty(f)}


def kinds(of: Any, known: tuple[type, ...] = ()) -> tuple[type, ...]:
    """Every dataclass that the state may hold."""
    for inner in get_args(of):
        known = kinds(inner, known)
    if is_dataclass(of) and of not in known:
        known = (*known, cast(type, of))
        for hint in get_type_hints(of).values():
            known = kinds(hint, known)
    return known


# What lives of whole companies fill, restarted all along, in tests/stories: deals, contracts, debts, machines, stores.
TOLD_ELSEWHERE = {"Line", "Opportunity", "Contract", "Instalment", "Receivable", "Equipment", "Setpoint", "Store"}
TOLD_ELSEWHERE |= {"cited", "contracts", "dues", "equipment", "opportunities", "receivables", "stores", "lines"}
TOLD_ELSEWHERE |= {"day", "since", "until"}  # of a gauge of the day before, of people who come and go: their own tests


@pytest.mark.slow
def test_a_life_rings_every_rule_and_fills_the_whole_state() -> None:
    """Else the machine would prove nothing about what it never meets."""
    found = set[str]()

    def watched(raw: bytes) -> fold.State:
        state = fold.load(raw)
        found.update(filled(state))
        return state

    machine = lived(watched)
    said = machine.sparse.said
    rang = {one.data["rule_id"] for one in said if one.type == "alert.raised"}
    assert {one["id"] for one in RULES} - rang == set()
    assert {one.type for one in said} >= {
        "shadow.decided", "rule.changed", "equipment.command.issued", "procurement.requisition.suggested",
        "alert.eased", "alert.resolved", "alert.escalated", "reading.risen", "rise.heard",
    }  # fmt: skip
    machine.teardown()
    every = {f"{kind.__name__}.{field.name}" for kind in kinds(fold.State) for field in fields(kind)}
    assert [one for one in sorted(every - found) if not {*one.split(".")} & TOLD_ELSEWHERE] == []


@pytest.mark.parametrize("field", ["Acted.count", "Cell.held"])
def test_what_a_snapshot_forgets_is_seen(field: str) -> None:
    """The red twin: a state that comes back without one of its fields decides otherwise."""
    kind, _, name = field.partition(".")

    def forgetful(raw: bytes) -> fold.State:
        state = fold.load(raw)
        for part in parts(state):
            if type(part).__name__ == kind:
                object.__setattr__(part, name, next(empty(f) for f in fields(part) if f.name == name))
        return state

    with pytest.raises(AssertionError, match="a recovery"):
        lived(forgetful)
