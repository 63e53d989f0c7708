from __future__ import annotations

from datetime import date

import pytest

from sharedchain.core.periods import covering


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
