"""Named functions that CEL lacks, exact in Decimal: every process computes the same digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Decimal

_EXACT = Context(prec=28)
_FAR = Decimal(200)  # beyond it the logistic is 0 or 1 in any scale that we keep


def logistic(x: Decimal) -> Decimal:
    """1 ÷ (1 + e^−x): any number to a share between 0 and 1."""
    near = max(min(x, _FAR), -_FAR)
    return _EXACT.divide(Decimal(1), _EXACT.add(Decimal(1), _EXACT.exp(-near)))


FUNCTIONS: Mapping[str, Callable[[Decimal], Decimal]] = {"logistic": logistic}
