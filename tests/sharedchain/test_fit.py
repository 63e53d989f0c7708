"""What an action says becomes what its schema wants, or is refused with the field's name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sharedchain.errors import Refused
from sharedchain.fit import fitted


def optional(avro: Any) -> list[Any]:
    return ["null", avro]


PART = {"type": "record", "name": "Part", "fields": [{"name": "n", "type": "int"}]}
SCHEMA = {
    "name": "Thing",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "days", "type": optional({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}),
         "default": None},
        {"name": "count", "type": optional("int"), "default": None},
        {"name": "at", "type": optional({"type": "long", "logicalType": "timestamp-millis"}), "default": None},
        {"name": "due", "type": optional({"type": "int", "logicalType": "date"}), "default": None},
        {"name": "urgent", "type": "boolean", "default": False},
        {"name": "parts", "type": {"type": "array", "items": PART}, "default": []},
    ],
}  # fmt: skip


def test_values_take_the_form_of_their_field() -> None:
    said = {"id": 7, "days": Decimal("13.5049"), "count": Decimal("3.0000"), "at": Decimal("5.0"), "due": "2026-05-05"}
    assert fitted(SCHEMA, {**said, "parts": [{"n": 1.0}]}) == {
        "id": "7", "days": Decimal("13.50"), "count": 3, "at": 5, "due": date(2026, 5, 5), "urgent": False,
        "parts": [{"n": 1}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "field"),
    [({"nmae": "x"}, "nmae"), ({"count": Decimal("2.5")}, "count"), ({"count": True}, "count"), ({"due": "so"}, "due"),
     ({"urgent": "yes"}, "urgent"), ({"parts": "a"}, "parts"), ({"parts": [{"m": 1}]}, "m"), ({"days": "x"}, "days"),
     ({"id": None}, "id")],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_its_field(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        fitted(SCHEMA, {"id": "1", **said})
    assert refused.value.field == field
