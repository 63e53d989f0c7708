"""Wall ticks: numbered, behind the facts, only where a wall tenant lives, only without backlog."""

from __future__ import annotations

from sharedchain.scope import partition_of
from streams.ingest import ticks
from streams.ingest.ticks import Backlog
from tests.streams.ingest.rig import NOW, Rig, lead


def test_only_partitions_with_a_wall_tenant_tick() -> None:
    rig = Rig()
    assert rig.tick(NOW) == []
    rig.publish("lead.captured", lead(), tenant="t")
    rig.drive("t0", NOW)
    assert [(f.partition, f.scope) for f in rig.tick(NOW + 1000)] == [(partition_of("t"), "")]


def test_numbers_rise_and_missed_ones_are_not_made_up() -> None:
    rig = Rig()
    rig.publish("lead.captured", lead())
    numbers = [f.data["n"] for at in (0, 500, 1000, 9000) for f in rig.tick(NOW + at)]
    assert numbers == [NOW // 1000 + n for n in (0, 1, 9)]


def test_a_tick_never_runs_back_behind_a_fact() -> None:
    rig = Rig()
    rig.now = NOW + 700
    (fact,) = rig.publish("lead.captured", lead())
    turn = rig.turn()
    ticks.tick(turn, fact.partition, NOW // 1000, 1000)
    (tick,) = rig.adopt(turn)
    assert tick.recorded == tick.data["at"] == fact.recorded == NOW + 700


def test_a_clock_set_back_does_not_take_time_back() -> None:
    rig = Rig()
    (first,) = rig.publish("lead.captured", lead())
    rig.now = NOW - 60_000
    (second,) = rig.publish("lead.captured", lead("L-2"))
    assert second.recorded == first.recorded


def test_the_backlog_is_clear_at_the_end_or_behind_the_moment() -> None:
    backlog = Backlog([("a", 0), ("b", 0)])
    assert not backlog.clear(100)
    backlog.end(("a", 0))
    backlog.record(("b", 0), 99)
    assert not backlog.clear(100)
    backlog.record(("b", 0), 100)
    assert backlog.clear(100)
    assert not backlog.clear(101)
    backlog.end(("b", 0))
    assert backlog.clear(101)
