"""The live view: one update per accepted version, and only then."""

from __future__ import annotations

from decimal import Decimal

from tests.core.line import Line


def begun() -> Line:
    line = Line()
    line.begin("2026-04-20 10:00")
    return line


def test_an_update_says_old_and_new_and_how_long_it_stays_fresh() -> None:
    line = begun()
    line.forecast("DE", 1, {"OPP-1": 48, "": 20})
    (said,) = line.forecast("DE", 2, {"OPP-1": 40, "": 20}, time=line.ms("2026-04-20 09:30"))
    data = said.data
    assert (data["old_total"], data["new_total"]) == (Decimal(68_000_000), Decimal(60_000_000))
    assert (data["project_part"], data["experience_part"]) == (Decimal(40_000_000), Decimal(20_000_000))
    assert (line.local(data["refreshed_at"]), line.local(data["stale_after"])) == ("04-20 09:30", "05-01 00:00")
    assert (data["stale_days"], len(data["lines"]), said.time) == (10, 2, data["refreshed_at"])


def test_an_old_or_equal_version_says_nothing() -> None:
    line = begun()
    line.forecast("DE", 2, {"": 5})
    assert line.forecast("DE", 2, {"": 9}) == []
    assert line.forecast("DE", 1, {"": 9}) == []
    line.tick("2026-04-20 10:01")
    assert line.rows("M-09", period="2026Q2") == [("04-20 10:00", Decimal(5_000_000))]


def test_the_period_total_adds_one_currency_only() -> None:
    line = begun()
    line.forecast("DE", 1, {"": 5})
    (said,) = line.forecast("BR", 1, {"": 7}, currency="USD")
    assert said.data["period_total"] == Decimal(7_000_000)


def test_a_currency_that_is_not_said_is_the_tenants() -> None:
    line = Line()
    line.begin("2026-04-20 10:00", currency="USD")
    (said,) = line.forecast("DE", 1, {"": 5}, currency=None)
    assert said.data["currency"] == "USD"


def test_a_confirmation_dated_back_does_not_end_the_reminder() -> None:
    line = begun()
    line.forecast("BR", 1, {"": 18})
    line.tick("2026-05-01 00:00")
    line.forecast("BR", 2, {"": 18}, time=line.ms("2026-04-19 10:00"))
    line.forecast("BR", 3, {"": 18})
    assert [alert[:3] for alert in line.alerts()] == [
        ("05-01 00:00", "raised", "R-01"),
        ("05-01 00:00", "resolved", "R-01"),
    ]


def test_two_days_late_and_a_day_of_23_hours() -> None:
    line = Line(zone="Europe/Berlin")
    line.begin("2026-03-19 23:30")
    line.forecast("DE", 1, {"": 5})
    for day in range(20, 32):
        line.tick(f"2026-03-{day} 00:00")
    assert line.rows("M-15", forecast="FC-DE")[-2:] == [("03-30 00:00", Decimal(11)), ("03-31 00:00", Decimal(12))]
    assert [alert[:3] for alert in line.alerts()] == [("03-30 00:00", "raised", "R-01")]
