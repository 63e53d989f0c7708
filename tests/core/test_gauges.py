"""Gauges: a row when the value changes, no value without inputs, currencies never mixed."""

from __future__ import annotations

from decimal import Decimal

from sharedchain.config import item
from sharedchain.core.ruleset import ruleset
from tests.core.line import Line


def begun() -> Line:
    line = Line()
    line.begin("2026-04-20 10:00")
    return line


def test_no_target_no_coverage() -> None:
    line = begun()
    line.forecast("DE", 1, {"": 5})
    line.tick("2026-04-20 10:01")
    assert line.rows("M-09", period="2026Q2") == [("04-20 10:00", Decimal(5_000_000))]
    assert line.rows("M-13", period="2026Q2") == line.rows("M-14", period="2026Q2") == []
    assert line.alerts() == []


def test_a_target_of_zero_has_no_coverage() -> None:
    line = begun()
    line.target(0)
    line.forecast("DE", 1, {"": 5})
    line.tick("2026-04-20 10:01")
    assert line.rows("M-14", period="2026Q2") == []
    assert line.rows("M-13", period="2026Q2") == [("04-20 10:00", Decimal(-5_000_000))]


def test_two_currencies_have_no_total() -> None:
    line = begun()
    line.forecast("DE", 1, {"": 5})
    line.tick("2026-04-20 10:01")
    line.forecast("BR", 1, {"": 7}, currency="USD")
    line.tick("2026-04-20 10:02")
    assert line.rows("M-09", period="2026Q2") == [("04-20 10:00", Decimal(5_000_000)), ("04-20 10:01", None)]
    (row,) = [d.data for d in line.said if d.data.get("dims") == {"period": "2026Q2", "region": "BR"}][:1]
    assert row["unit"] == "USD"


def test_a_confirmation_changes_nothing() -> None:
    line = begun()
    line.forecast("DE", 1, {"": 5})
    line.tick("2026-04-20 10:01")
    line.forecast("DE", 2, {"": 5})
    said = line.tick("2026-04-20 10:02")
    assert [d.data["metric_id"] for d in said if d.type == "metric.minute.computed"] == [
        "M-19",
        "M-53.received",  # of the company
        "M-53.received",  # of the topic
    ]


def test_a_forecast_that_moves_to_another_period_or_region_leaves_the_old_one() -> None:
    line = begun()
    line.forecast("DE", 1, {"": 5})
    line.forecast("BR", 1, {"": 7})
    line.tick("2026-04-20 10:01")
    line.forecast("DE", 2, {"": 5}, period="2026Q3")
    line.tick("2026-04-20 10:02")
    assert line.rows("M-09", period="2026Q2")[-1] == ("04-20 10:01", Decimal(7_000_000))
    assert line.rows("M-09", period="2026Q2", region="DE")[-1] == ("04-20 10:01", None)
    assert line.rows("M-09", period="2026Q3", region="DE") == [("04-20 10:01", Decimal(5_000_000))]


def test_the_same_move_twice_is_two_rows() -> None:
    line = begun()
    line.forecast("DE", 1, {"": 100})
    line.tick("2026-04-20 10:01")
    assert line.rows("M-17", period="2026Q2") == []
    line.forecast("DE", 2, {"": 90})
    line.tick("2026-04-20 10:02")
    line.forecast("DE", 3, {"": 81})
    line.tick("2026-04-20 10:03")
    line.tick("2026-04-20 10:04")
    minutes = [("04-20 10:01", Decimal("-0.1000")), ("04-20 10:02", Decimal("-0.1000"))]
    assert line.rows("M-17", period="2026Q2") == minutes
    assert [alert[:3] for alert in line.alerts()] == [
        ("04-20 10:02", "raised", "R-07"),
        ("04-20 10:03", "raised", "R-07"),
    ]


def test_targets_below_another_are_not_added_to_it() -> None:
    line = begun()
    line.target(200)
    line.target(80, target_id="T-DE", parent_target_id="T-2026Q2")
    line.target(999, target_id="T-X", metric="headcount")
    line.forecast("DE", 1, {"": 100})
    line.tick("2026-04-20 10:01")
    assert line.rows("M-14", period="2026Q2") == [("04-20 10:00", Decimal("0.5000"))]


def test_a_version_dated_after_midnight_has_no_age() -> None:
    line = begun()
    line.forecast("DE", 1, {"": 5}, time=line.ms("2026-04-21 00:03"))
    line.tick("2026-04-21 00:00")
    assert line.rows("M-15", forecast="FC-DE") == []
    line.tick("2026-04-22 00:00")
    assert line.rows("M-15", forecast="FC-DE") == [("04-22 00:00", Decimal(1))]


def test_a_new_threshold_judges_what_stands() -> None:
    line = begun()
    line.target(100)
    line.forecast("DE", 1, {"": 96})
    line.tick("2026-04-20 10:01")
    assert line.alerts() == []
    body = ruleset(line.state).rules["R-03"].rule.model_dump(by_alias=True, mode="json")
    body |= {"version": 2, "bands": [{"severity": "YELLOW", "under": "0.99"}]}
    line.configure([item("rule", "R-03", body)])
    line.tick("2026-04-20 10:02")
    assert [alert[:3] for alert in line.alerts()] == [("04-20 10:02", "raised", "R-03")]
    assert [d.data["rule_version"] for d in line.said if d.type == "alert.raised"] == [2]
