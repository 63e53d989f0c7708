"""Many Avro values of one writer schema, decoded at once: polars reads them as one Avro container.

Between two values of a container's block no border is left, so one value that is too short or too long moves all behind
it. Therefore a frame is believed only if every value was exactly as long as what was read of it takes at least:
nothing reads shorter than it is written shortest, and all of them together took no more bytes than there are, so each
took its own. Whatever raises the least doubt is no frame; rows, one by one, then say what is wrong and where.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

os.environ["RUST_BACKTRACE"] = "0"  # each value that polars panics about would cost half a second of symbols

import numpy as np
import polars as pl

FRAME = 5  # bytes in front of a value: 0x00 and the schema's id
RECORD = "record"  # the column that says which value a row is of
_KINDS: Mapping[str, Any] = {
    "string": pl.String, "int": pl.Int32, "long": pl.Int64, "float": pl.Float32, "double": pl.Float64,
}  # fmt: skip
_SYNC = b"sharedchain-sync"
_DOUBT = 1 << 62  # beyond it two readers may take the tenth byte of a number for different things
Numbers = Any  # numpy array of int64


@dataclass(frozen=True, slots=True)
class Field:
    """One primitive; `null` is the branch of its union that says nothing, None: it is no union."""

    name: str
    kind: str
    null: int | None = None


@dataclass(frozen=True, slots=True)
class Vector:
    """How to read the values of one writer schema: its primitives, and one array of records of primitives at most."""

    fields: tuple[Field, ...]
    array: int | None  # its place among the fields
    within: tuple[Field, ...]
    head: bytes

    def frame(self, values: Sequence[bytes]) -> pl.DataFrame | None:
        """A row a value, or, where there is an array, a row an element of it. None: read them one by one."""
        body = b"".join([value[FRAME:] for value in values])
        read = self.read(body, len(values))
        return None if read is None else self.believed(read, np.fromiter(map(len, values), np.int64) - FRAME, body)

    def read(self, body: bytes, count: int) -> pl.DataFrame | None:
        """`count` values that stand in `body` one behind the other, a row each, as polars takes them."""
        container = b"".join((self.head, zigzag(count), zigzag(len(body)), body, _SYNC))
        try:
            read = pl.read_avro(io.BytesIO(container))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
            return None
        return read if read.height == count else None

    def believed(
        self, read: pl.DataFrame, actual: Numbers, body: bytes, drop: Sequence[str] = ()
    ) -> pl.DataFrame | None:
        """What was read, if each value took its `actual` bytes and all of them together `body`; without `drop`."""
        octets = np.frombuffer(body, np.uint8)
        if int(actual.sum()) != len(octets):
            return None
        return (self._flat if self.array is None else self._nested)(read, actual, octets, drop)

    def _flat(self, read: pl.DataFrame, actual: Numbers, octets: Numbers, drop: Sequence[str]) -> pl.DataFrame | None:
        lengths = lengths_of(read, self.fields)
        if lengths is None or not np.array_equal(sum(lengths), actual):
            return None
        if not _branches_hold(read, self.fields, lengths, _starts(actual), octets):
            return None
        return read.drop(drop).with_row_index(RECORD)

    def _nested(self, read: pl.DataFrame, actual: Numbers, octets: Numbers, drop: Sequence[str]) -> pl.DataFrame | None:
        assert self.array is not None
        name = read.columns[self.array]
        counts = read[name].list.len().cast(pl.Int64).to_numpy()
        lists = read.select(name).with_row_index(RECORD).filter(pl.col(name).list.len() > 0)
        points = lists.explode(name).unnest(name)
        outer, inner = lengths_of(read, self.fields), lengths_of(points, self.within)
        if outer is None or inner is None:
            return None
        of, each = points[RECORD].to_numpy(), sum(inner, np.zeros(points.height, np.int64))
        heads = np.where(counts > 0, varint(counts), 0)
        arrays = heads + np.bincount(of, each, len(actual)).astype(np.int64) + 1
        before = sum(outer[: self.array], np.zeros(len(actual), np.int64))
        if not np.array_equal(sum(outer, arrays), actual):
            return None
        starts = _starts(actual)
        elements, first = _starts(each), (np.cumsum(counts) - counts)[of]  # the element that begins each one's array
        places = (starts + before + heads)[of] + elements - elements[first]
        if not _branches_hold(points, self.within, inner, places, octets):
            return None
        behind = [0] * self.array + [1] * (len(self.fields) - self.array)
        if not _branches_hold(read, self.fields, outer, starts, octets, behind, arrays):
            return None
        more = read.drop(name, *drop)
        return pl.concat([points, more[points[RECORD]]], how="horizontal") if more.width else points


def probe(schema: Mapping[str, Any]) -> Vector | None:
    """How values of this writer schema are read at once; None: only one by one."""
    fields: list[Field] = []
    array: int | None = None
    within: tuple[Field, ...] = ()
    for place, each in enumerate(schema["fields"]):
        if (field := _field(each)) is not None:
            fields.append(field)
            continue
        kind = each["type"]
        if array is not None or not isinstance(kind, dict) or kind.get("type") != "array":
            return None
        found = _items(kind["items"])
        if not found:
            return None
        array, within = place, found
    names = [f.name for f in (*fields, *within)] + ([schema["fields"][array]["name"]] if array is not None else [])
    if (not fields and not within) or RECORD in names or len(set(names)) < len(names):
        return None
    return Vector(tuple(fields), array, within, _head(_container(schema)))


def within(
    vector: Vector, schema: Mapping[str, Any], before: Sequence[tuple[str, str]], behind: Sequence[tuple[str, str]]
) -> Vector:
    """The same values with primitives, (name, kind), in front of and behind each; names that no field can have."""
    around = [[Field(*each) for each in some] for some in (before, behind)]
    said = [[{"name": name, "type": kind} for name, kind in some] for some in (before, behind)]
    whole = {**schema, "fields": [*said[0], *schema["fields"], *said[1]]}
    array = None if vector.array is None else vector.array + len(before)
    return Vector((*around[0], *vector.fields, *around[1]), array, vector.within, _head(_container(whole)))


def _items(node: Any) -> tuple[Field, ...]:
    """The fields of a record of primitives; none if it is anything else."""
    if not isinstance(node, dict) or node.get("type") != "record":
        return ()
    found = [_field(each) for each in node["fields"]]
    return tuple(f for f in found if f) if all(found) else ()


def _field(each: Mapping[str, Any]) -> Field | None:
    kind = each["type"]
    if isinstance(kind, list):
        kinds = [_primitive(branch) for branch in kind]
        if len(kinds) != 2 or kinds.count("null") != 1:
            return None
        null = kinds.index("null")
        return Field(each["name"], kinds[1 - null], null) if kinds[1 - null] in _KINDS else None
    name = _primitive(kind)
    return Field(each["name"], name) if name in _KINDS else None


def _primitive(node: Any) -> str:
    """`long` of `{"type": "long", …}`; empty for what has a meaning of its own."""
    if isinstance(node, dict):
        return "" if "logicalType" in node else _primitive(node.get("type"))
    return node if isinstance(node, str) else ""


def _container(node: Any) -> Any:
    """The schema without what a reader need not know."""
    if isinstance(node, list):
        return [_container(branch) for branch in node]
    if not isinstance(node, dict):
        return node
    return {k: _container(v) for k, v in node.items() if k in ("type", "name", "fields", "items")}


def _head(schema: Any) -> bytes:
    text = json.dumps(schema).encode()
    said = ((b"avro.schema", text), (b"avro.codec", b"null"))
    entries = b"".join(zigzag(len(part)) + part for entry in said for part in entry)
    return b"Obj\x01" + zigzag(len(said)) + entries + b"\0" + _SYNC


def zigzag(number: int) -> bytes:
    number, out = number << 1, bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def varint(numbers: Numbers) -> Numbers:
    """Bytes that each number takes at least."""
    size = np.where(numbers < 0, -1 - numbers, numbers)
    taken = np.ones(len(size), np.int64)
    for bits in range(6, 63, 7):
        over = size >= 1 << bits
        if not over.any():
            break
        taken += over
    return taken


def lengths_of(read: pl.DataFrame, fields: Sequence[Field]) -> list[Numbers] | None:
    """Bytes that each field of each row takes at least; None when a number is beyond doubt's border."""
    found: list[Numbers] = []
    for field in fields:
        column = read[field.name]
        absent = column.is_null().to_numpy() if column.null_count() else None
        match field.kind:
            case "string":
                size = column.str.len_bytes().fill_null(0).cast(pl.Int64).to_numpy()
                taken = varint(size) + size
            case "bytes":
                size = column.bin.size().fill_null(0).cast(pl.Int64).to_numpy()
                taken = varint(size) + size
            case "int" | "long":
                number = column.fill_null(0).cast(pl.Int64).to_numpy()
                if len(number) and (number.max() >= _DOUBT or number.min() < -_DOUBT):
                    return None
                taken = varint(number)
            case kind:
                taken = np.full(read.height, 8 if kind == "double" else 4, np.int64)
        if absent is not None:
            taken = np.where(absent, 0, taken)
        found.append(taken if field.null is None else taken + 1)
    return found


def _starts(lengths: Numbers) -> Numbers:
    return np.cumsum(lengths) - lengths


def _branches_hold(
    read: pl.DataFrame, fields: Sequence[Field], lengths: Sequence[Numbers], starts: Numbers, octets: Numbers,
    behind: Sequence[int] = (), arrays: Numbers = 0,
) -> bool:  # fmt: skip
    """Whether each union names the branch that was read: polars takes any number but one for the other branch."""
    at = starts
    for nth, (field, taken) in enumerate(zip(fields, lengths, strict=True)):
        if field.null is not None:
            absent = read[field.name].is_null().to_numpy()
            said = octets[at + arrays if behind and behind[nth] else at]
            if not np.array_equal(said, np.where(absent, 2 * field.null, 2 - 2 * field.null)):
                return False
        at = at + taken
    return True
