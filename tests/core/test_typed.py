"""Typed at load: a wrong name, a wrong type, an equality on money are findings with a column and advice."""

from __future__ import annotations

import pytest

from sharedchain.core.columns import Type as Kind
from sharedchain.core.typed import Finding, beside, check, of_event, of_measure

MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}


def record(*fields: tuple[str, object]) -> dict[str, object]:
    return {"type": "record", "name": "X", "fields": [{"name": name, "type": type_} for name, type_ in fields]}


TYPES = of_event(
    record(
        ("reason", "string"),
        ("amount", ["null", MONEY]),
        ("count", "int"),
        ("day", ["null", {"type": "int", "logicalType": "date"}]),
        ("at", {"type": "long", "logicalType": "timestamp-millis"}),
        ("lines", {"type": "array", "items": record(("amount", MONEY), ("basis", "string"))}),
        ("channels", ["null", record(("im", "string"))]),
        ("tags", {"type": "map", "values": "string"}),
    )
)


@pytest.mark.parametrize(
    "source",
    [
        'message.reason == "x"',
        "message.amount != null && message.amount > 3.0",
        "message.amount == null",
        "message.count == 3",
        'message.day != null && message.day < "2026-05-01"',
        "message.lines.exists(l, l.amount > 3.0)",
        'message.channels.im == null || message.channels.im != ""',
        'message.tags["k"] == "v"',
        'meta.type in ["a", "b"] && meta.time > 5',
        '(message.count + 1) == 3 && message.reason != "=="',
    ],
)
def test_sound_conditions(source: str) -> None:
    assert check(source, TYPES) == []


@pytest.mark.parametrize(
    ("source", "column", "said"),
    [
        ('message.raeson == "x"', 1, "message.raeson is no field; did you mean message.reason?"),
        ('message.count > 1 && message.channels.in == "x"', 22, "did you mean message.channels.im?"),
        ("message.amount < 3", 16, "write the number with a point"),
        ("message.reason > 3", 16, "both sides must be of one type"),
        ("message.amount == 3.0", 16, "`==` on a decimal; use < and >"),
        ("3.0 != message.amount", 5, "`!=` on a decimal"),
        ("(message.amount * 2.0) == 6.0 || false", 24, "on a decimal"),
        ("message.count", 1, "gives int, a condition must give true or false"),
        ("message.lines.exists(l, l.amuont > 3.0)", 25, "message.lines has no amuont; did you mean amount?"),
        ("message.count >", 16, "Syntax error"),
        ("nothing > 3", 1, "undeclared reference to 'nothing'"),
    ],
)
def test_findings_say_where_and_how_to_mend(source: str, column: int, said: str) -> None:
    (finding, *_) = check(source, TYPES)
    assert finding.column == column
    assert said in finding.text


def test_rows_of_with_are_typed_too() -> None:
    columns: dict[str, Kind] = {"low": "decimal", "unit": "text", "n": "count"}
    types = beside(TYPES, "point", columns, optional=False)
    assert types.names == ("point",)
    assert check('message.amount < point.low && point.unit == "bar" && point.n == 3', types) == []
    assert check("message.count > 1 && point.lwo > 1.0", types) == [
        Finding(22, "point.lwo is no field; did you mean point.low?")
    ]
    assert "write the number with a point" in check("point.low < 3", types)[0].text
    assert "`==` on a decimal" in check("point.low == 3.0", types)[0].text
    maybe = beside(TYPES, "store", columns, optional=True)
    assert check('store.unit == null || store.unit == "bar"', maybe) == []
    (unknown,) = check("point.low > 1.0", TYPES)  # what `with` does not name is not there
    assert "undeclared reference to 'point.low'" in unknown.text


def test_a_measure_has_value_dims_and_a_value_before() -> None:
    types = of_measure(("period", "region"))
    assert check('metric.value < 0.8 && metric.region == "DE" && prev.value != null', types) == []
    assert check("metric.valu < 0.8", types) == [Finding(1, "metric.valu is no field; did you mean metric.value?")]
