"""The line through points."""

from __future__ import annotations

from decimal import Decimal

from sharedchain.core.trend import slope


def test_points_on_a_line_give_its_slope_exactly() -> None:
    assert slope([0, 10, 20], [Decimal("1.0"), Decimal("2.5"), Decimal("4.0")]) == Decimal("0.15")


def test_the_line_goes_between_points_that_stand_on_none() -> None:
    assert slope([0, 1, 2], [Decimal(0), Decimal(3), Decimal(0)]) == 0


def test_points_at_one_time_have_no_slope() -> None:
    assert slope([5, 5], [Decimal(1), Decimal(2)]) == 0
