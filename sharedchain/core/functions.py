"""Functions that CEL lacks: named ones, exact in Decimal, and those that expressions may call."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Context, Decimal

_EXACT = Context(prec=28)
_EARTH = 6371.0  # km
_FAR = Decimal(200)  # beyond it the logistic is 0 or 1 in any scale that we keep


def logistic(x: Decimal) -> Decimal:
    """1 ÷ (1 + e^−x): any number to a share between 0 and 1."""
    near = max(min(x, _FAR), -_FAR)
    return _EXACT.divide(Decimal(1), _EXACT.add(Decimal(1), _EXACT.exp(-near)))


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Along the surface of a sphere of 6,371 km (haversine), in whole metres: what the last bits say is no distance."""
    turn = (math.radians(other_lat - lat), math.radians(other_lon - lon))
    share = math.sin(turn[0] / 2) ** 2
    share += math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * math.sin(turn[1] / 2) ** 2
    return round(2 * _EARTH * math.asin(math.sqrt(min(share, 1.0))), 3)


FUNCTIONS: Mapping[str, Callable[[Decimal], Decimal]] = {"logistic": logistic}
