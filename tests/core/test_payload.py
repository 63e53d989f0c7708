"""What stands in a case is read as the wire would bring it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sharedchain.core.payload import payload

MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}
PART = {"type": "record", "name": "P", "fields": [{"name": "amount", "type": MONEY}, {"name": "n", "type": "int"}]}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "X",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "amount", "type": ["null", MONEY], "default": None},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}], "default": None},
        {"name": "parts", "type": {"type": "array", "items": PART}, "default": []},
        {"name": "shares", "type": {"type": "map", "values": MONEY}, "default": {}},
    ],
}


def test_numbers_are_exact_days_are_days_and_what_is_left_out_is_what_the_schema_says() -> None:
    told = {"amount": "0.30", "day": "2026-05-03", "at": "1970-01-01T08:00:01+08:00"}
    assert payload(SCHEMA, told | {"parts": [{"amount": 5}], "shares": {"a": "0.5"}}) == {
        "id": None,
        "amount": Decimal("0.30"),
        "day": date(2026, 5, 3),
        "at": 1000,
        "parts": [{"amount": Decimal(5), "n": None}],
        "shares": {"a": Decimal("0.5")},
    }
    assert payload(SCHEMA, {"at": 7, "amount": None}) == dict.fromkeys(("id", "amount", "day")) | {
        "at": 7,
        "parts": [],
        "shares": {},
    }


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"amuont": 3}, "message.amuont is no field; did you mean amount"),
        ({"parts": [{"amont": 3}]}, r"message.parts\[\].amont is no field"),
        ({"amount": "many"}, "message.amount: 'many' is no decimal"),
        ({"day": "tomorrow"}, "message.day: 'tomorrow' is no date"),
        ({"at": "noon"}, "message.at: 'noon' is no timestamp-millis"),
        ({"zzz": 1}, "message.zzz is no field$"),
    ],
)
def test_a_mistake_says_where(told: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        payload(SCHEMA, told)
