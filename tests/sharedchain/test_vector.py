"""Values read at once are the values read one by one, or nothing at all."""

from __future__ import annotations

import io
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharedchain.vector import RECORD, probe

_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.just("x" * 70),
    "int": st.integers(-(2**31), 2**31 - 1) | st.sampled_from([0, 63, 64, -64, -65, 8191, 8192]),
    "long": st.integers(-(2**63), 2**63 - 1) | st.integers(1_700_000_000_000, 1_800_000_000_000),
    "float": st.floats(width=32),
    "double": st.floats(),
}


@st.composite
def fields(draw: st.DrawFn, prefix: str, least: int) -> list[dict[str, Any]]:
    kinds = draw(st.lists(st.sampled_from(sorted(_VALUES)), min_size=least, max_size=4))
    shapes = [draw(st.sampled_from([kind, ["null", kind], [kind, "null"], {"type": kind}])) for kind in kinds]
    return [{"name": f"{prefix}{nth}", "type": shape} for nth, shape in enumerate(shapes)]


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    own = draw(fields("f", 1))
    if draw(st.booleans()):
        items = {"type": "record", "name": "I", "fields": draw(fields("i", 1))}
        own.insert(draw(st.integers(0, len(own))), {"name": "a", "type": {"type": "array", "items": items}})
    return {"type": "record", "name": "R", "fields": own}


def values(node: Any) -> st.SearchStrategy[Any]:
    if isinstance(node, list):
        return st.one_of([values(branch) for branch in node])
    if node == "null":
        return st.none()
    match node:
        case {"type": "record"}:
            return st.fixed_dictionaries({f["name"]: values(f["type"]) for f in node["fields"]})
        case {"type": "array"}:
            return st.lists(values(node["items"]), max_size=3)
        case {"type": kind}:
            return _VALUES[kind]
    return _VALUES[node]


def written(schema: dict[str, Any], data: dict[str, Any]) -> bytes:
    out = io.BytesIO(b"\0\0\0\0\1")
    out.seek(5)
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), data)
    return out.getvalue()


def read(schema: dict[str, Any], value: bytes) -> dict[str, Any] | None:
    """One by one; None: not this schema's, to the last byte."""
    source = io.BytesIO(value[5:])
    try:
        found: Any = fastavro.schemaless_reader(source, fastavro.parse_schema(schema), None)
    except Exception:
        return None
    return found if source.tell() == len(value) - 5 else None


def told(schema: dict[str, Any], found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The rows that a frame has, comparable: NaN equals itself."""
    lists = [f["name"] for f in schema["fields"] if f["name"] == "a"]
    rows = []
    for nth, one in enumerate(found):
        outer = {k: v for k, v in one.items() if k not in lists}
        rows += [(nth, _same({**outer, **each})) for each in (one["a"] if lists else [{}])]
    return rows


def _same(row: dict[str, Any]) -> dict[str, str]:
    return {name: repr(value) for name, value in sorted(row.items())}


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_what_is_read_at_once_is_what_rows_read(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    vector = probe(schema)
    assert vector is not None
    said = data.draw(st.lists(values(schema), min_size=1, max_size=5))
    encoded = [written(schema, one) for one in said]
    frame = vector.frame(encoded)
    if frame is None:  # only numbers that two readers may take differently are left to rows
        assert any(abs(n) >= 2**62 for one in said for n in numbers(one))
        return
    found = [(row.pop(RECORD), _same(row)) for row in frame.to_dicts()]
    assert found == told(schema, [read(schema, value) or {} for value in encoded])


def numbers(node: Any) -> list[int]:
    if isinstance(node, dict):
        return [n for value in node.values() for n in numbers(value)]
    if isinstance(node, list):
        return [n for value in node for n in numbers(value)]
    return [node] if isinstance(node, int) else []


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_corrupted_slice_is_no_frame_or_what_rows_read(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    vector = probe(schema)
    assert vector is not None
    encoded = [written(schema, one) for one in data.draw(st.lists(values(schema), min_size=2, max_size=5))]
    for _ in range(data.draw(st.integers(1, 2))):
        nth = data.draw(st.integers(0, len(encoded) - 1))
        encoded[nth] = encoded[nth][:5] + data.draw(harm(encoded[nth][5:]))
    frame = vector.frame(encoded)
    if frame is None:
        return
    alone = [read(schema, value) for value in encoded]
    assert None not in alone
    found = [(row.pop(RECORD), _same(row)) for row in frame.to_dicts()]
    assert found == told(schema, [one for one in alone if one is not None])


def harm(body: bytes) -> st.SearchStrategy[bytes]:
    """One byte more, less, or another; or other bytes altogether."""
    at = st.integers(0, max(len(body) - 1, 0))
    return st.one_of(
        st.builds(lambda n, b: body[:n] + bytes([b]) + body[n:], at, st.integers(0, 255)),
        st.builds(lambda n: body[:n] + body[n + 1 :], at),
        st.builds(lambda n, b: body[:n] + bytes([b]) + body[n + 1 :], at, st.integers(0, 255)),
        st.binary(max_size=len(body) + 3),
        st.just(body + b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f"),
    )


P = {"type": "record", "name": "P", "fields": [{"name": "x", "type": "long"}]}


@pytest.mark.parametrize(
    "kind",
    [
        "boolean", "bytes", {"type": "map", "values": "long"}, ["null", "long", "string"], ["long", "string"], P,
        {"type": "array", "items": "long"}, {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        {"type": "int", "logicalType": "date"}, {"type": "enum", "name": "E", "symbols": ["A"]}, ["null", P],
        {"type": "fixed", "name": "F", "size": 4}, {"type": "array", "items": {**P, "fields": []}},
    ],
    ids=str,
)  # fmt: skip
def test_what_two_readers_may_take_differently_is_read_one_by_one(kind: Any) -> None:
    fields = [{"name": "id", "type": "string"}, {"name": "f", "type": kind}]
    assert probe({"type": "record", "name": "R", "fields": fields}) is None


def test_a_value_that_borrows_from_the_next_one_is_no_frame() -> None:
    """Each byte is somebody's, and the lengths fit as a whole: only where each begins shows the theft."""
    schema = {"type": "record", "name": "R", "fields": [{"name": "f", "type": "string"}]}
    vector = probe(schema)
    assert vector is not None
    good = [b"\0\0\0\0\1\x04ab", b"\0\0\0\0\1\x02c"]
    assert vector.frame(good) is not None
    assert vector.frame([b"\0\0\0\0\1\x04a", b"\0\0\0\0\1b\x02c"]) is None


def test_a_branch_that_does_not_exist_is_no_frame() -> None:
    schema = {"type": "record", "name": "R", "fields": [{"name": "f", "type": ["null", "long"]}]}
    vector = probe(schema)
    assert vector is not None
    assert vector.frame([b"\0\0\0\0\1\x02\x08"]) is not None
    assert vector.frame([b"\0\0\0\0\1\x04\x08"]) is None
