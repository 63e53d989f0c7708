"""How far signing lags behind the calendar, told at midnight."""

from __future__ import annotations

from decimal import Decimal

from tests.core.line import Line

BEHIND = "M-20.behind"


def test_a_period_that_has_not_begun_lags_behind_nothing_and_each_midnight_adds_its_day() -> None:
    line = Line()
    line.begin("2026-03-30 08:00")
    line.target(200)
    line.tick("2026-03-31 00:00")
    assert line.rows(BEHIND, period="2026Q2") == []
    line.tick("2026-04-03 00:00")  # three midnights at once: each is told
    assert [value for _, value in line.rows(BEHIND, period="2026Q2")] == [
        Decimal("0.0000"),
        Decimal("0.0110"),
        Decimal("0.0220"),
    ]


def test_what_is_signed_is_taken_off() -> None:
    line = Line()
    line.begin("2026-04-01 08:00")
    line.target(200)
    line.opportunity("OPP-1", 48)
    line.move("opportunity.signed", "OPP-1", amount=Decimal("48000000.00"), currency="CNY")
    line.tick("2026-04-02 00:00")
    assert [value for _, value in line.rows(BEHIND, period="2026Q2")] == [Decimal("-0.2290")]  # 1 of 91 days less 24 %


def test_a_name_that_is_no_period_has_no_lag() -> None:
    line = Line()
    line.begin("2026-04-01 08:00")
    line.target(200, "FY26")
    line.tick("2026-04-03 00:00")
    assert line.rows(BEHIND, period="FY26") == []
