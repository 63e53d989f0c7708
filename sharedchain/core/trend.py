"""The least-squares line through points in time."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal


def slope(times: Sequence[int], amounts: Sequence[Decimal]) -> Decimal:
    """How much the line rises per millisecond; 0 if all points stand at one time."""
    zero, n = Decimal(0), len(times)
    middle, level = sum(map(Decimal, times), zero) / n, sum(amounts, zero) / n
    spread = sum(((at - middle) ** 2 for at in times), zero)
    if spread == 0:
        return zero
    return sum(((at - middle) * (y - level) for at, y in zip(times, amounts, strict=True)), zero) / spread
