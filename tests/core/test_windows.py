"""What the last days of a flow come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from sharedchain.core import fold
from sharedchain.core.measures import Window
from tests.core.line import Line
from tests.core.told import begun, flow, gauge, tell

RUNS = flow("M-50.runs", count={"events": ["run"]}, dims=[["report"]])
FAILED = flow("M-50.failed", count={"events": ["run"], "where": {"ok": "False"}}, dims=[["report"]])
RATE = gauge("M-50", window={"of": ["M-50.failed", "M-50.runs"], "span": "day", "min_n": 3}, dims=[["report"]])
WEEK = gauge("M-65", window={"of": "M-50.runs", "span": "7d", "at": "minute"}, dims=[["report"]], scale=0)


def rows(line: Line, measure: str) -> list[tuple[str, str]]:
    return [(at, str(value)) for at, value in line.rows(measure, report="R")]


def midnights(line: Line, month: int, *days: int) -> None:
    for day in days:
        line.tick(f"2026-{month:02d}-{day:02d} 00:00")


def run(line: Line, at: str, *oks: bool, report: str = "R") -> None:
    for ok in oks:
        tell(line, at, "run", report=report, ok=ok)


def test_a_daily_ratio_is_that_of_the_day_before_told_at_midnight() -> None:
    line = begun(RUNS, FAILED, RATE)
    run(line, "2026-04-01 12:00", True, True, False, True)
    line.tick("2026-04-01 23:59")
    assert line.rows("M-50", report="R") == []
    line.tick("2026-04-02 00:00")
    assert line.rows("M-50", report="R") == [("04-02 00:00", Decimal("0.2500"))]


def test_a_day_of_nothing_or_of_too_few_has_no_row() -> None:
    line = begun(RUNS, FAILED, RATE)
    run(line, "2026-04-01 12:00", True, True, False)
    line.tick("2026-04-02 00:00")
    run(line, "2026-04-02 12:00", False, False)
    line.tick("2026-04-03 00:00")
    line.tick("2026-04-04 00:00")
    assert line.rows("M-50", report="R") == [("04-02 00:00", Decimal("0.3333"))]


def test_a_row_names_the_facts_of_its_day() -> None:
    line = begun(RUNS, FAILED, RATE)
    run(line, "2026-04-01 12:00", True, True, False)
    line.tick("2026-04-02 00:00")
    sample = next(iter(line.state.scopes[line.scope].gauges.values()))
    assert sample.n == 3
    assert sorted(sample.sources) == [(3, seq) for seq in sorted(fact.seq for fact in line.facts if fact.type == "run")]


def test_a_window_of_minutes_moves_at_the_close_and_when_a_day_leaves_it() -> None:
    line = begun(RUNS, WEEK, at="2026-04-18 08:00")
    for day, before in ((18, ()), (20, (19, 20)), (23, (21, 22, 23))):
        midnights(line, 4, *before)
        run(line, f"2026-04-{day} 11:00", True)
        line.tick(f"2026-04-{day} 11:01")
    midnights(line, 4, *range(24, 31))
    assert rows(line, "M-65") == [
        ("04-18 11:00", "1"),
        ("04-20 11:00", "2"),
        ("04-23 11:00", "3"),
        ("04-25 00:00", "2"),
        ("04-27 00:00", "1"),
        ("04-30 00:00", "0"),
    ]


def test_sparse_and_dense_ticks_tell_the_same() -> None:
    told = []
    for every in (0, 30):
        line = begun(RUNS, FAILED, RATE, WEEK)
        run(line, "2026-04-01 12:00", True, False, True)
        for minute in range(1, 720, every) if every else (1,):
            line.tick(line.ms("2026-04-01 12:00") + minute * 60_000)
        line.tick("2026-04-02 00:00")
        told.append([(d.id, d.data) for d in line.said if d.type == "metric.minute.computed"])
    assert told[0] == told[1]


def test_a_late_fact_adds_to_its_own_day() -> None:
    line = begun(RUNS, WEEK, at="2026-04-20 08:00")
    run(line, "2026-04-20 11:00", True)
    line.add("fact", "run", {"report": "R", "ok": True}, time=line.ms("2026-04-14 11:00"))
    line.tick("2026-04-20 11:01")
    line.tick("2026-04-21 00:00")
    assert rows(line, "M-65") == [("04-20 11:00", "2"), ("04-21 00:00", "1")]


def test_days_that_no_window_reaches_are_forgotten() -> None:
    line = begun(RUNS, WEEK)
    run(line, "2026-04-01 11:00", True)
    line.tick("2026-04-30 00:00")
    assert line.state.scopes[line.scope].days
    line.tick("2026-05-01 00:00")
    assert line.state.scopes[line.scope].days == {}


def test_a_window_that_is_declared_later_knows_the_minutes_that_are_remembered() -> None:
    line = begun(RUNS)
    run(line, "2026-04-01 11:00", True, True)
    line.tick("2026-04-01 11:01")
    later = begun(RUNS, WEEK)
    line.configure([])
    line.state.config = later.state.config
    line.state.config_hash = later.state.config_hash
    run(line, "2026-04-01 12:00", True)
    line.tick("2026-04-01 12:01")
    assert rows(line, "M-65") == [("04-01 12:00", "3")]
    assert fold.dump(fold.load(fold.dump(line.state))) == fold.dump(line.state)


@pytest.mark.parametrize("of", [[], ["M-01", "M-02", "M-03"]])
def test_a_window_is_of_one_flow_or_two(of: Any) -> None:
    with pytest.raises(ValidationError):
        Window(of=of, span="day")
