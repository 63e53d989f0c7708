from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sharedchain.core.periods import covering, elapsed, span


@pytest.mark.parametrize(
    ("day", "periods"),
    [
        ("2026-01-01", ("2026", "2026H1", "2026Q1", "2026-01")),
        ("2026-03-31", ("2026", "2026H1", "2026Q1", "2026-03")),
        ("2026-04-01", ("2026", "2026H1", "2026Q2", "2026-04")),
        ("2026-06-30", ("2026", "2026H1", "2026Q2", "2026-06")),
        ("2026-07-01", ("2026", "2026H2", "2026Q3", "2026-07")),
        ("2026-12-31", ("2026", "2026H2", "2026Q4", "2026-12")),
    ],
)
def test_a_day_lies_in_one_year_half_quarter_and_month(day: str, periods: tuple[str, ...]) -> None:
    assert covering(date.fromisoformat(day)) == periods


@pytest.mark.parametrize(
    ("name", "first", "after"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026H2", "2026-07-01", "2027-01-01"),
        ("2026Q2", "2026-04-01", "2026-07-01"),
        ("2026Q4", "2026-10-01", "2027-01-01"),
        ("2026-02", "2026-02-01", "2026-03-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
    ],
)
def test_a_period_has_a_first_day_and_one_after_it(name: str, first: str, after: str) -> None:
    assert span(name) == (date.fromisoformat(first), date.fromisoformat(after))
    assert name in covering(date.fromisoformat(first))
    assert name not in covering(date.fromisoformat(after))


@pytest.mark.parametrize("name", ["", "FY26", "2026Q5", "2026-13", "2026-4", "0000", "9999"])
def test_other_names_have_no_days(name: str) -> None:
    assert span(name) is None
    assert elapsed(name, date(2026, 4, 1)) is None


@pytest.mark.parametrize(
    ("day", "share"),
    [("2026-03-15", "0"), ("2026-04-01", "0"), ("2026-05-15", "44/91"), ("2026-07-01", "1"), ("2027-01-01", "1")],
)
def test_the_share_of_a_quarter_that_is_over(day: str, share: str) -> None:
    part, _, whole = share.partition("/")
    assert elapsed("2026Q2", date.fromisoformat(day)) == Decimal(part) / Decimal(whole or 1)
