"""What the last days of a flow come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from sharedchain.config import item
from sharedchain.core import fold
from sharedchain.core.measures import Window
from tests.core.line import Line, our_bundle
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


ARRIVED = flow("M-53.received", count={"events": ["run"], "by": "recorded"}, dims=[["report"]])
TEN = gauge("M-53.count", window={"of": "M-53.received", "span": "10m", "at": "minute"}, dims=[["report"]], scale=0)
SHARE = gauge(
    "M-53.share", window={"of": ["M-50.failed", "M-50.runs"], "span": "3m", "at": "minute", "min_n": 2},
    dims=[["report"]], scale=2,
)  # fmt: skip


def at_minutes(line: Line, *minutes: int) -> None:
    for minute in minutes:
        line.tick(line.ms("2026-04-01 12:00") + minute * 60_000)


def test_a_minute_comes_in_at_its_close_and_leaves_after_the_span() -> None:
    line = begun(ARRIVED, TEN)
    run(line, "2026-04-01 12:00", True, True)
    at_minutes(line, 1, 2, 3, 4)
    run(line, "2026-04-01 12:04", True)
    at_minutes(line, *range(5, 20))
    assert rows(line, "M-53.count") == [
        ("04-01 12:00", "2"), ("04-01 12:04", "3"), ("04-01 12:10", "1"), ("04-01 12:14", "0"),
    ]  # fmt: skip
    scope = line.state.scopes[line.scope]
    assert (scope.minutes, scope.passing) == ({"M-53.received": {}}, {})


def test_a_share_of_minutes_with_too_few_has_no_value_again() -> None:
    line = begun(RUNS, FAILED, SHARE)
    run(line, "2026-04-01 12:00", True)
    at_minutes(line, 1)
    run(line, "2026-04-01 12:01", False)
    at_minutes(line, *range(2, 9))
    assert rows(line, "M-53.share") == [("04-01 12:01", "0.50"), ("04-01 12:03", "None")]


def test_minutes_that_nobody_ticked_are_told_all_the_same() -> None:
    told = []
    for ticks in (range(1, 30), (1, 5, 29)):
        line = begun(ARRIVED, RUNS, FAILED, TEN, SHARE)
        run(line, "2026-04-01 12:00", True, False, True)
        at_minutes(line, *[minute for minute in ticks if minute <= 5])
        run(line, "2026-04-01 12:05", True)
        at_minutes(line, *[minute for minute in ticks if minute > 5])
        told.append([*rows(line, "M-53.count"), *rows(line, "M-53.share")])
    assert told[0] == told[1]
    assert len(told[0]) == 6


def test_an_event_of_the_past_or_of_the_future_is_in_the_windows_of_its_own_minute() -> None:
    line = begun(RUNS, gauge("M-51", window={"of": "M-50.runs", "span": "3m", "at": "minute"}, dims=[["report"]]))
    run(line, "2026-04-01 12:00", True)
    for minute in (-1, -3, 4):  # of these, the second is in no window that is still to be told
        line.add("fact", "run", {"report": "R", "ok": True}, time=line.now + minute * 60_000)
    at_minutes(line, *range(1, 12))
    assert rows(line, "M-51") == [
        ("04-01 12:00", "2.0000"), ("04-01 12:02", "1.0000"), ("04-01 12:03", "0.0000"), ("04-01 12:04", "1.0000"),
        ("04-01 12:07", "0.0000"),
    ]  # fmt: skip


def test_a_change_of_declarations_keeps_the_minutes_of_a_window_that_stays() -> None:
    line = begun(ARRIVED, TEN)
    run(line, "2026-04-01 12:00", True, True)
    at_minutes(line, 1)
    line.state.config = {**begun(ARRIVED, TEN, RUNS, WEEK).state.config}
    line.state.config_hash = "another"
    at_minutes(line, *range(2, 14))
    assert rows(line, "M-53.count") == [("04-01 12:00", "2"), ("04-01 12:10", "0")]


def test_a_span_of_minutes_is_looked_at_by_the_minute() -> None:
    with pytest.raises(ValidationError, match="set `at` to minute"):
        Window.model_validate({"of": "M-01", "span": "10m"})
    with pytest.raises(ValidationError):
        Window.model_validate({"of": "M-01", "span": "10h", "at": "minute"})


def test_two_of_a_hundred_refused_in_ten_minutes_ring_for_their_topic() -> None:
    """R-54 as it ships, on the measures as they ship: what ingest derives counts nowhere, another topic stays quiet."""
    line = Line(now=1_775_000_040_000)
    line.configure(our_bundle())
    line.configure([item("tenant", line.scope, {"mode": "driven", "packs": ["platform"]})])
    line.tick(line.now)
    refused = {"reason": "missing_field", "original_type": "lead.captured"}
    for minute in range(22):
        for number in range(12 if minute < 10 else 0):
            line.add("fact", "lead.contact.logged", {"lead_id": f"L-{number}"})
            line.add("fact", "case.node.completed", {"case_id": f"C-{number}"})
            line.add("fact", "opportunity.created", {"opportunity_id": "P"}, source="sharedchain:ingest")
        for topic in ("sales.lead.v1", "flow.case.v1")[: {3: 1, 9: 2}.get(minute, 0)]:
            line.add("refusal", "record.rejected", {**refused, "original_topic": topic})
        line.tick(line.now + 60_000)
    rang = [d for d in line.said if d.type in ("alert.raised", "alert.resolved") and d.data["rule_id"] == "R-54"]
    found = [(d.type, d.subject.partition("|")[0], d.data["subject"], str(d.data["value"]), d.recorded) for d in rang]
    begun_at = 1_775_000_040_000
    assert [(type_, about, value, (at - begun_at) // 60_000) for type_, _, about, value, at in found] == [
        ("alert.raised", "sales.lead.v1", "0.0164", 10), ("alert.resolved", "sales.lead.v1", "None", 22),
    ]  # fmt: skip
