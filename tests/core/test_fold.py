"""Promises of the fold: one by one or in one list, through a snapshot, sparse or dense ticks: the same."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedchain.config import item
from sharedchain.core import fold
from sharedchain.core.ruleset import ruleset
from sharedchain.fact import Derived, Fact
from tests.core.line import Line
from tests.depth import examples

MINUTE = 60_000
REGIONS = ("DE", "BR", "CN")

# What happens at one minute: a forecast (region, amounts), a refusal, a lead (minutes late), a target, a new limit,
# the opportunity that all forecasts cite, a reading, an instalment, a contract or its approval.
happening = st.one_of(
    st.tuples(st.just("forecast"), st.sampled_from(REGIONS), st.integers(0, 90), st.integers(0, 40), st.booleans()),
    st.tuples(st.just("refuse"), st.sampled_from(("lead.captured", "master.customer.upserted", "target.set"))),
    st.tuples(st.just("lead"), st.sampled_from(REGIONS), st.integers(0, 3000)),
    st.tuples(st.just("target"), st.integers(1, 300)),
    st.tuples(st.just("retune"), st.sampled_from(("0.95", "0.5"))),
    st.tuples(st.just("opportunity"), st.integers(0, 90)),
    st.tuples(st.just("lost")),
    st.tuples(st.just("reading"), st.sampled_from(("90.9", "91", "95", "95.1")), st.booleans()),
    st.tuples(st.just("instalment"), st.sampled_from(("overdue", "settled")), st.sampled_from((1, 30)), st.booleans()),
    st.tuples(st.just("contract"), st.booleans()),
)
# (minutes until then, what)
stories = st.lists(st.tuples(st.integers(1, 4000), happening), max_size=14)


def tell(story: Iterable[tuple[int, tuple[Any, ...]]], *, dense: bool = False, mode: str = "driven") -> Line:
    """Play a story. Sparse: tick at each midnight, at each happening and the minute after it. Dense: and between."""
    line = Line()
    line.begin("2026-03-29 22:10", mode=mode)
    line.equipment("EQ", None, temperature=("93", "2", "°C"))
    advance(line, line.now + MINUTE, dense, mode)
    versions = dict.fromkeys(REGIONS, 0)
    for wait, (what, *more) in story:
        advance(line, line.now + wait * MINUTE, dense, mode)
        match what, more:
            case "forecast", [region, backed, felt, backfill]:
                versions[region] += 1
                line.forecast(region, versions[region], {"OPP": backed, "": felt}, backfill=backfill)
            case "refuse", [type_]:
                line.refuse(type_, f"S-{line.events}", "some_field", owner="E003")
            case "lead", [region, late]:
                data = {"lead_id": f"L-{line.events}", "region": region, "owner_id": "E001", "channel": None}
                line.add("fact", "lead.captured", data, time=line.now - late * MINUTE)
            case "target", [amount]:
                line.target(amount)
            case "opportunity", [amount]:
                line.opportunity("OPP", amount)
            case "lost", []:
                line.move("opportunity.lost", "OPP")
            case "reading", [value, backfill]:
                line.reading("EQ", "temperature", value, backfill=backfill)
            case "instalment", [event, days, backfill]:
                line.instalment(event, "AR-1", 1, days, backfill=backfill)
            case "contract", [blocked]:
                line.contract("CT-1", "OPP", "legal") if blocked else line.approved("CT-1", "OPP")
            case "retune", [limit]:
                body = ruleset(line.state).rules["R-03"].rule.model_dump(by_alias=True, mode="json")
                body["bands"] = [{"severity": "YELLOW", "under": limit}]
                line.configure([item("rule", "R-03", body)])
        advance(line, line.now - line.now % MINUTE + MINUTE, dense, mode)
    advance(line, line.now + 3 * 1440 * MINUTE, dense, mode)
    return line


def advance(line: Line, until: int, dense: bool, mode: str) -> None:
    scope = "" if mode == "wall" else line.scope
    midnight = line.ms(line.local_day(line.now)) + 1440 * MINUTE
    while midnight < until:
        between(line, midnight, dense, scope)
        line.tick(midnight, scope)
        midnight += 1440 * MINUTE
    between(line, until, dense, scope)
    line.tick(until, scope)


def between(line: Line, until: int, dense: bool, scope: str) -> None:
    step = max((until - line.now) // 7 // MINUTE * MINUTE, MINUTE)
    while dense and line.now + step < until:
        line.tick(line.now + step, scope)


def decided(said: Iterable[Derived]) -> list[Any]:
    """What was decided, without the places that sparse and dense ticks number differently."""
    bare = [replace(d, seq=0, n=0, causation="", data=without_places(d.data)) for d in said]
    return [(d, d.data) for d in bare]


def without_places(data: Any) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "explain"}


told = examples(50)


@told
@given(stories)
def test_one_by_one_is_as_all_at_once(story: list[Any]) -> None:
    line = tell(story)
    state, said = fold.step(fold.new_state(), line.facts)
    assert said == line.said
    assert fold.dump(state) == fold.dump(line.state)


@told
@given(stories, st.data())
def test_going_on_from_a_snapshot_is_as_never_stopping(story: list[Any], data: st.DataObject) -> None:
    line = tell(story)
    cut = data.draw(st.integers(0, len(line.facts)))
    state, first = fold.step(fold.new_state(), line.facts[:cut])
    state, second = fold.step(fold.load(fold.dump(state)), line.facts[cut:])
    assert first + second == line.said
    assert fold.dump(state) == fold.dump(line.state)


@told
@given(stories)
@pytest.mark.parametrize("mode", ["driven", "wall"])
def test_sparse_and_dense_ticks_decide_the_same(mode: str, story: list[Any]) -> None:
    assert decided(tell(story, mode=mode).said) == decided(tell(story, dense=True, mode=mode).said)


@told
@given(stories)
def test_wall_and_driven_clocks_decide_the_same(story: list[Any]) -> None:
    assert decided(tell(story, mode="wall").said) == decided(tell(story, mode="driven").said)


@told
@given(stories)
def test_ids_are_unique_and_numbered_from_one(story: list[Any]) -> None:
    said = tell(story).said
    assert len({d.id for d in said}) == len(said)
    for first, second in pairwise(said):
        assert second.n == (first.n + 1 if second.seq == first.seq else 1)


@told
@given(stories)
def test_provenance_decides_nothing(story: list[Any]) -> None:
    line = tell(story)
    moved = [replace(fact, offset=fact.seq * 3 + 7, src=f"other/1/{fact.seq}") for fact in line.facts]
    assert fold.step(fold.new_state(), moved)[1] == line.said


@told
@given(stories)
def test_a_level_is_the_sum_of_its_minutes(story: list[Any]) -> None:
    """G1 in small: every lead is counted exactly once, late or not; a corrected row replaces its forerunner."""
    line = tell(story)
    last: dict[int, Decimal] = {}
    for d in line.said:
        if d.type == "metric.minute.computed" and d.data["metric_id"] == "M-01" and not d.data["dims"]:
            last[d.data["minute"]] = d.data["value"]
    assert sum(last.values()) == sum(fact.type == "lead.captured" for fact in line.facts)


@pytest.mark.slow
def test_the_same_bytes_in_another_process() -> None:
    """No order of a set and no `hash()` may reach a decision: other processes have other hash seeds."""
    script = "from tests.core.test_fold import digest; print(digest())"
    seed = "1" if str(hash("a")) != _under("1", "print(hash('a'))") else "2"
    assert _under(seed, script) == digest()


def digest() -> str:
    line = tell([(5, ("target", 200)), (9, ("forecast", "DE", 48, 20, False)), (2, ("refuse", "lead.captured"))])
    return hashlib.sha256(fold.dump(line.state) + repr(line.said).encode()).hexdigest()


def _under(seed: str, script: str) -> str:
    env = {"PYTHONHASHSEED": seed, "PYTHONPATH": "."}
    done = subprocess.run([sys.executable, "-c", script], env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_scope_unknown_to_the_config_is_wall_in_shanghai() -> None:
    line = Line(scope="nobody")
    line.now = line.ms("2026-03-15 08:00")
    line.add("fact", "master.org.upserted", {"org_id": "O"})
    scope = line.state.scopes["nobody"]
    assert (scope.mode, scope.timezone) == ("wall", "Asia/Shanghai")
    assert line.local(scope.next_midnight) == "03-16 00:00"


def test_a_tick_of_another_mode_moves_nothing() -> None:
    line = Line()
    line.begin("2026-03-15 08:00")
    line.forecast("DE", 1, {"": 5})
    assert not line.tick("2026-03-15 08:01", scope="")
    assert line.tick("2026-03-15 08:01")


def test_the_mode_is_fixed_at_the_first_fact() -> None:
    line = Line()
    line.begin("2026-03-15 08:00")
    line.configure([item("tenant", line.scope, {"mode": "wall", "packs": ["dongchen"]})])
    line.forecast("DE", 1, {"": 5})
    assert line.state.scopes[line.scope].mode == "driven"


def test_a_tick_with_nothing_due_leaves_the_state_alone() -> None:
    line = Line()
    line.begin("2026-03-15 08:00", mode="wall")
    line.forecast("DE", 1, {"": 5})
    line.tick("2026-03-15 08:01", scope="")
    assert line.state.wake == line.ms("2026-03-15 08:11")  # when its minute leaves the windows of ten minutes
    line.tick("2026-03-15 08:11", scope="")
    assert line.state.wake == line.ms("2026-03-16 00:00")  # a tick each second costs one comparison until then
    before = fold.dump(line.state)
    assert not line.tick("2026-03-15 08:12", scope="")
    assert fold.dump(line.state) == before


def test_wall_scopes_of_a_partition_share_a_tick_in_the_order_of_their_names() -> None:
    line = Line(scope="b")
    line.begin("2026-03-15 08:00", mode="wall")
    line.forecast("DE", 1, {"": 5})
    line.scope = "a"
    line.forecast("CN", 1, {"": 7})
    said = line.tick("2026-03-15 08:01", scope="")
    scopes = [d.scope for d in said]
    assert scopes == sorted(scopes)
    assert set(scopes) == {"a", "b"}
    assert [d.n for d in said] == list(range(1, len(said) + 1))


def test_downtime_over_midnights_sweeps_each_of_them_once() -> None:
    line = Line()
    line.begin("2026-04-20 10:00", mode="wall")
    line.forecast("BR", 1, {"": 18})
    line.tick("2026-05-03 09:30", scope="")  # everything was down for 13 days
    assert line.rows("M-15", forecast="FC-BR")[-1] == ("05-03 00:00", Decimal(13))
    raised = [alert for alert in line.alerts() if alert[2] == "R-01"]
    assert raised == [("05-03 09:30", "raised", "R-01", "FC-BR", "YELLOW", ["E002"])]
    assert sum(d.type == "forecast.refresh.requested" for d in line.said) == 1


def test_a_parked_child_counts_for_nothing() -> None:
    line = Line()
    line.begin("2026-03-15 08:00")
    line.add("parked", "lead.converted", {"lead_id": "L", "opportunity_id": "O"})
    line.tick("2026-03-15 08:01")
    assert line.rows("M-01.converted") == []


def test_the_core_version_names_the_sources() -> None:
    assert len(fold.CORE_VERSION) == 16
    assert fold._version() == fold.CORE_VERSION


def test_facts_of_no_rule_say_nothing() -> None:
    plain = Fact(
        partition=0, seq=1, recorded=1_767_225_600_000, kind="fact", scope="x", type="master.org.upserted", id="1",
        source="s", subject="", time=1_767_225_600_000, tenant="x", data={"org_id": "O"},
    )  # fmt: skip
    assert fold.step(fold.new_state(), [plain])[1] == []
