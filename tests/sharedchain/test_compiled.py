"""The compiled writer against fastavro: the same bytes for every value of every type we have."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedchain.compiled import Unsure, compiled
from sharedchain.foreign import plain
from sharedchain.schemas import Catalog
from tests.depth import examples

TYPES = Catalog.load().types
PARSED = {name: fastavro.parse_schema(plain(dict(kind.schema))) for name, kind in TYPES.items()}


def value_of(schema: Any) -> st.SearchStrategy[Any]:
    match schema:
        case list():
            return st.one_of([value_of(branch) for branch in schema])
        case {"type": "record"}:
            return st.fixed_dictionaries({each["name"]: value_of(each["type"]) for each in schema["fields"]})
        case {"type": "array"}:
            return st.lists(value_of(schema["items"]), max_size=3)
        case {"type": "map"}:
            return st.dictionaries(st.text(max_size=3), value_of(schema["values"]), max_size=3)
        case {"logicalType": "decimal"}:
            digits = st.integers(-(10 ** schema["precision"]) + 1, 10 ** schema["precision"] - 1)
            return st.tuples(digits, st.integers(0, schema["scale"])).map(lambda d: Decimal(d[0]).scaleb(-d[1]))
        case {"logicalType": "date"}:
            return st.dates()
        case {"type": name}:
            return value_of(name)
    plainly = {
        "null": st.none(),
        "string": st.text(max_size=80),
        "boolean": st.booleans(),
        "double": st.floats(),
        "int": st.integers(-(2**31), 2**31 - 1),
        "long": st.integers(-(2**63), 2**63 - 1),
    }
    return plainly[schema]


def by_fastavro(name: str, data: Any) -> bytes | None:
    out = io.BytesIO()
    try:
        fastavro.schemaless_writer(out, PARSED[name], data, strict_allow_default=True)
    except ValueError:
        return None  # more digits than the type has at its scale
    return out.getvalue()


def test_every_type_is_compiled() -> None:
    assert [name for name, schema in PARSED.items() if compiled(schema) is None] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_bytes_of_each_type_are_fastavros(name: str) -> None:
    @examples(10)
    @given(data=st.data())
    def of_one(data: st.DataObject) -> None:
        agree(name, data)

    of_one()


@examples(200)
@given(name=st.sampled_from(sorted(TYPES)), data=st.data())
def test_the_bytes_are_fastavros(name: str, data: st.DataObject) -> None:
    agree(name, data)


def agree(name: str, data: st.DataObject) -> None:
    value, write, out = data.draw(value_of(PARSED[name])), compiled(PARSED[name]), bytearray()
    assert write is not None
    try:
        write(out, value)
    except Unsure:
        return  # fastavro's to judge
    assert bytes(out) == by_fastavro(name, value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("string", b"x"),
        ("int", True),
        ("int", 2**31),
        ("long", 1.0),
        ("long", -(2**63) - 1),
        ({"type": "array", "items": "int"}, (1,)),
        ({"type": "map", "values": "int"}, [1]),
        ({"type": "int", "logicalType": "date"}, 1),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, Decimal("0.001")),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, Decimal(100)),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, 1),
        ({"type": "record", "fields": [{"name": "a", "type": "int"}]}, {"a": 1, "b": 2}),
    ],
)
def test_what_is_not_plainly_of_its_type_is_left_to_fastavro(schema: Any, value: Any) -> None:
    write = compiled(schema)
    assert write is not None
    with pytest.raises(Unsure):
        write(bytearray(), value)


def test_what_it_does_not_know_is_not_compiled() -> None:
    assert compiled(["null", "string", "int"]) is None
    assert compiled({"type": "enum", "name": "e", "symbols": ["a"]}) is None
    assert compiled({"type": "long", "logicalType": "timestamp-micros"}) is None


def test_a_date_is_days_since_1970() -> None:
    out, write = bytearray(), compiled({"type": "int", "logicalType": "date"})
    assert write is not None
    write(out, date(1970, 1, 2))
    assert bytes(out) == b"\2"
