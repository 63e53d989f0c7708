"""A gauge without a value: what a rule makes of it, at once or after a time; and rules that judge on some days only."""

from __future__ import annotations

from typing import Any

import pytest

from sharedchain.config import item
from sharedchain.core import fold
from tests.core.line import Line
from tests.core.test_judge import WORDS, with_rules


def rule(no_data: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Coverage of the period under 95 %."""
    return {
        "id": "R-90", "version": 1, "title": {"zh": "z", "en": "e"}, "on": {"measure": "M-14", "dims": ["period"]},
        "bands": [{"severity": "YELLOW", "under": "0.95"}, {"severity": "RED", "under": "0.5"}], "subject": "period",
        "to": {"YELLOW": ["role:ops"], "RED": ["role:ops"]}, "owner": "role:ops", "mode": "suggest", "runbook": "r.md",
        "texts": {"zh": WORDS, "en": WORDS}, **({"no_data": no_data} if no_data else {}), **more,
    }  # fmt: skip


def told(line: Line) -> list[tuple[str, str, str]]:
    return [(at, how, severity) for at, how, _, _, severity, _ in line.alerts()]


def low(*rules: dict[str, Any]) -> Line:
    """80 % at 10:01, and no value any more at 10:02: two currencies have no sum."""
    line = with_rules(*rules)
    line.tick("2026-04-20 10:00")
    line.target(100)
    line.forecast("BR", 1, {"": 80})
    line.tick("2026-04-20 10:01")
    line.forecast("CN", 1, {"": 10}, currency="EUR")
    line.tick("2026-04-20 10:02")
    assert line.rows("M-14", period="2026Q2")[-1][1] is None
    return line


RAISED = ("04-20 10:01", "raised", "YELLOW")


@pytest.mark.parametrize("said", [None, {"then": "keep"}, {"then": "resolve", "after": "2h"}])
def test_no_value_is_no_good_news(said: dict[str, Any] | None) -> None:
    line = low(rule(said))
    line.tick("2026-04-20 12:01")
    assert told(line) == [RAISED]
    line.tick("2026-04-20 12:02")
    ends = [("04-20 12:02", "resolved", "YELLOW")] if said and said.get("after") else []
    assert told(line) == [RAISED, *ends]


def test_no_value_may_end_it_at_once() -> None:
    assert told(low(rule({"then": "resolve"}))) == [RAISED, ("04-20 10:02", "resolved", "YELLOW")]


def test_no_value_may_ring_after_its_time_and_a_value_ends_that() -> None:
    line = low(rule({"then": "ring", "after": "2h", "severity": "RED"}))
    line.state = fold.load(fold.dump(line.state))
    for at in ("12:01", "12:02"):
        line.tick(f"2026-04-20 {at}")
    assert told(line) == [RAISED, ("04-20 12:02", "escalated", "RED")]
    line.forecast("CN", 2, {"": 20})
    line.tick("2026-04-20 12:03")
    assert told(line)[2:] == [("04-20 12:03", "resolved", "RED")]


def test_a_value_in_time_forgets_that_there_was_none() -> None:
    line = low(rule({"then": "ring", "after": "2h"}))
    line.forecast("CN", 2, {"": 19})
    line.tick("2026-04-20 11:00")
    line.tick("2026-04-20 13:00")
    assert told(line) == [RAISED, ("04-20 11:00", "resolved", "YELLOW")]
    assert line.state.scopes["dongchen"].clocks == {}


def test_checkpoints_of_a_measure_are_midnights_of_the_month() -> None:
    line = with_rules(rule(checkpoints=["01", "16"]))
    line.tick("2026-04-20 10:00")
    line.target(100)
    line.forecast("BR", 1, {"": 80})
    line.tick("2026-04-20 10:01")
    line.configure([item("rule", "R-90", rule(checkpoints=["01", "16"], version=2))])
    for at in ("04-21 00:00", "04-30 23:59", "05-01 00:00", "05-02 00:00"):
        line.tick(f"2026-{at}")
    assert told(line) == [("05-01 00:00", "raised", "YELLOW")]
    line.forecast("BR", 2, {"": 99})
    line.tick("2026-05-02 00:01")
    line.tick("2026-05-16 00:00")
    assert told(line)[1:] == [("05-16 00:00", "resolved", "YELLOW")]
