"""How far the last of some values stands from those before it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal

from pydantic import Field

from sharedchain.core import wire
from sharedchain.core.wording import Model

_EXACT = Context(prec=28)


class Deviation(Model):
    """Standard deviations from the mean of the `last` values before it; none while there are fewer, or all alike."""

    of: str
    last: int = Field(ge=2, le=1_000)

    def of_amounts(self, amounts: Sequence[Decimal], scale: int) -> Decimal | None:
        """`amounts`: the values before, and behind them the one that is looked at."""
        *before, one = amounts or (Decimal(0),)
        if len(before) < self.last:
            return None
        mean = sum(before, Decimal(0)) / len(before)
        variance = sum(((other - mean) ** 2 for other in before), Decimal(0)) / len(before)
        return wire.rate(abs(one - mean) / _EXACT.sqrt(variance), scale) if variance else None
