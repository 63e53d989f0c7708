from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sharedchain.canonical import dumps


def test_equal_values_are_equal_texts() -> None:
    assert (
        dumps({"b": 1, "a": {"d": [], "c": None}})
        == '{"a":{"c":null,"d":[]},"b":1}'
        == dumps({"a": {"c": None, "d": []}, "b": 1})
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("48000000.00"), '"48000000.00"'),
        (Decimal("1E+3"), '"1000"'),
        (date(2026, 5, 1), '"2026-05-01"'),
        (datetime(2026, 5, 1, tzinfo=UTC), '"2026-05-01T00:00:00+00:00"'),
        (b"\x00\xff", '"AP8="'),
        ("预测", '"预测"'),
    ],
)
def test_values_that_json_has_not(value: object, text: str) -> None:
    assert dumps(value) == text


def test_anything_else_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="set"):
        dumps({1})
