from __future__ import annotations

from decimal import Decimal

import pytest

from sharedchain.core.cel import compile_expression
from sharedchain.core.functions import distance_km, logistic


@pytest.mark.parametrize(
    ("x", "share"),
    [("0", "0.5000"), ("1.5", "0.8176"), ("-1.5", "0.1824"), ("1000000", "1.0000"), ("-1000000", "0.0000")],
)
def test_the_logistic(x: str, share: str) -> None:
    assert round(logistic(Decimal(x)), 4) == Decimal(share)


def test_distances_are_those_of_the_golden_story_and_expressions_call_them() -> None:
    machine, shop = (31.00, 121.00), (31.05, 121.02)
    found = [
        distance_km(*machine, 31.25, 121.20),
        distance_km(*machine, 31.10, 121.05),
        distance_km(*shop, 31.06, 121.04),
    ]
    assert [round(km, 2) for km in found] == [33.69, 12.10, 2.21]
    assert round(distance_km(0.0, 0.0, 0.0, 180.0)) == 20015
    asked = compile_expression("distance_km(message.lat, 121.0, 31.25, 121.2)")
    assert asked.result({"message": {"lat": Decimal("31.0")}}, 2) == Decimal("33.69")
