"""Live = replay, for every dynamic of the language at once.

A hypothesis state machine says random facts to a log, with a tick only where something is due. A live engine takes
them in slices cut anywhere, some of them twice, is killed and goes on from its last snapshot, or hands over to another
worker. In the end: one fold of the whole log into empty state decides the same, to the byte; what was folded again
after a crash is what had been decided; and the same facts among a tick each minute decide the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sharedchain.config import item
from sharedchain.core import fold
from sharedchain.core.localtime import MINUTE
from sharedchain.core.ruleset import ruleset
from sharedchain.core.state import NEVER
from sharedchain.fact import Derived, Fact
from tests.core.dynamics import GROUPS, RULES, changed, items
from tests.core.line import Line
from tests.core.test_fold import decided

LEADS = st.sampled_from(["L-1", "L-2"])
AMOUNTS = st.sampled_from(["1.00", "4.99", "5.00", "8.00", "9.00"])
PASSED = st.sampled_from([0, 1, 1, 5, 10, 30, 60, 180, 26 * 60])  # minutes
PACKS = st.lists(st.sampled_from(sorted(GROUPS)), min_size=1, unique=True)


class Engine:
    """What streams/engine.py does with the log: takes slices, remembers what it decided, can die."""

    def __init__(self) -> None:
        self.state, self.have, self.decided = fold.new_state(), 0, list[Derived]()
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
        state, said = fold.load(raw), list[Derived]()
        tail = log[seen : self.have]
        for at in range(0, len(tail), cuts):
            state, more = fold.step(state, tail[at : at + cuts])
            said += more
        assert said == self.decided[number:], "a recovery decided something else"
        assert fold.dump(state) == fold.dump(self.state)
        self.state = state


class LiveIsReplay(RuleBasedStateMachine):
    @initialize(packs=PACKS)
    def begin(self, packs: list[str]) -> None:
        self.sparse, self.dense, self.engine, self.version = Line(), Line(), Engine(), 1
        for line in (self.sparse, self.dense):
            line.begin("2026-04-01 08:00", packs=packs)
            line.configure(items())
        assert not {k: v for k, v in ruleset(self.sparse.state).broken.items() if not k.startswith("measure")}

    def _both(self, type_: str, data: dict[str, Any], **more: Any) -> None:
        for line in (self.sparse, self.dense):
            line.add("fact", type_, data, **more)

    @rule(minutes=PASSED)
    def time_passes(self, minutes: int) -> None:
        until = self.sparse.now - self.sparse.now % MINUTE + minutes * MINUTE
        for at in range(self.dense.now + MINUTE, until + 1, MINUTE):
            self.dense.tick(at)
        while (at := self._due()) <= until:
            self.sparse.tick(at)
        self.sparse.now = self.dense.now = until

    def _due(self) -> int:
        """The next whole minute at which anything is due; time in the log never falls."""
        wake = self.sparse.state.scopes[self.sparse.scope].wake
        if wake >= NEVER:
            return NEVER
        return max(-(-wake // MINUTE) * MINUTE, self.sparse.now + MINUTE)

    @rule(lead=LEADS, amount=AMOUNTS, region=st.sampled_from(["DE", "DE", "XX"]), many=st.sampled_from([2, 2, 150]),
          due=st.integers(0, 300), lines=st.lists(AMOUNTS, max_size=3), backfill=st.integers(0, 9))  # fmt: skip
    def lead_captured(
        self, lead: str, amount: str, region: str, many: int, due: int, lines: list[str], backfill: int
    ) -> None:
        data: dict[str, Any] = {"lead_id": lead, "owner_id": "E001", "region": region, "amount": Decimal(amount)}
        data |= {"many": list(range(many)), "due_at": self.sparse.now + due * MINUTE, "channel": None}
        data |= {"lines": [{"no": str(n % 2), "amount": Decimal(one)} for n, one in enumerate(lines)]}
        self._both("lead.captured", data, backfill=backfill == 9)

    @rule(lead=LEADS)
    def lead_disqualified(self, lead: str) -> None:
        self._both("lead.disqualified", {"lead_id": lead, "reason": "x", "region": "DE"})

    @rule(equipment=st.sampled_from(["E-1", "E-2"]), metric=st.sampled_from(["t", "p"]), value=AMOUNTS)
    def reading(self, equipment: str, metric: str, value: str) -> None:
        for line in (self.sparse, self.dense):
            line.reading(equipment, metric, value)

    @rule(amount=st.sampled_from([50, 80, 94, 100]))
    def forecast(self, amount: int) -> None:
        self.version += 1
        for line in (self.sparse, self.dense):
            line.target(100)
            line.forecast("DE", self.version, {"": amount})

    @rule(which=st.integers(0, 99))
    def acknowledge(self, which: int) -> None:
        ids = [one.data["alert_id"] for one in self.sparse.said if one.type == "alert.raised"]
        if ids:
            self._both("alert.acknowledged", {"alert_id": ids[which % len(ids)], "by": "E010", "note": None})

    @rule(which=st.sampled_from([one["id"] for one in RULES]))
    def a_rule_changes(self, which: str) -> None:
        self.version += 1
        for line in (self.sparse, self.dense):
            line.configure([changed(which, self.version)])

    @rule(packs=PACKS)
    def packs_change(self, packs: list[str]) -> None:
        said = {"mode": "driven", "timezone": self.sparse.zone, "currency": "CNY", "language": "zh", "packs": packs}
        for line in (self.sparse, self.dense):
            line.configure([item("tenant", line.scope, said)])

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
        self.engine.take(self.sparse.facts)
        assert self.engine.decided == self.sparse.said
        state, said = fold.step(fold.new_state(), self.sparse.facts)
        assert said == self.sparse.said
        assert fold.dump(state) == fold.dump(self.sparse.state) == fold.dump(self.engine.state)
        assert decided(self.dense.said) == decided(self.sparse.said)


def run(examples: int, steps: int) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    how = settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=quiet)
    run_state_machine_as_test(LiveIsReplay, settings=how)


def test_live_is_replay() -> None:
    run(examples=2, steps=12)


@pytest.mark.slow
def test_live_is_replay_at_length() -> None:
    run(examples=150, steps=50)


def test_every_dynamic_of_the_machine_rings_at_least_once() -> None:
    """Else the machine would prove nothing about it."""
    machine = LiveIsReplay()
    machine.begin(sorted(GROUPS))
    for amount in ("9.00", "9.00", "9.00", "9.00"):
        machine.lead_captured("L-1", amount, "XX", 150, 60, ["9.00"], 0)
        machine.reading("E-1", "t", amount)
        machine.time_passes(5)
    machine.forecast(50)
    machine.time_passes(26 * 60)
    machine.lead_captured("L-2", "9.00", "DE", 2, 60, ["9.00"], 0)
    machine.time_passes(240)
    rang = {one.data["rule_id"] for one in machine.sparse.said if one.type == "alert.raised"}
    assert {one["id"] for one in RULES} - rang <= {"R-84"}  # half of the subjects only
    machine.teardown()
