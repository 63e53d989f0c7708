"""Kafka's record batches and the Avro values in them, decoded at once: no record is opened by itself.

A record of format 2 is made of what Avro is made of: zigzag numbers and counted bytes. Its length, attributes,
distances in time and offset, key, value and headers are so many fields of one Avro record, those of the value among
them; a run of records is a run of such values (`sharedchain.vector`). Format: Kafka's documentation, «Message Format».

Believed is only what accounts for every byte: each record's length and its value's length are written in it, each field
takes at least what was read of it, and all together take no more than there is.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import polars as pl

from sharedchain.vector import FRAME, Numbers, Vector, lengths_of, varint, within

_FRONT = (
    ("kafka length", "long"), ("kafka attributes", "int"), ("kafka time", "long"), ("kafka offset", "long"),
)  # fmt: skip
_KEY, _SIZE, _ID, _MARK, _HEADERS = "kafka key", "kafka size", "kafka id", "kafka mark", "kafka headers"
_MANY = 32  # headers: with more, records are opened one by one


class Batch(Protocol):
    """A record batch: offsets from `base` on, `size` records, times from `first` on or, of `timestamp_type` 1, all
    `timestamp`; `run` is its records, unpacked."""

    @property
    def base(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def first(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def run(self) -> bytes: ...


class Shape(NamedTuple):
    """What records must have in common to be read at once: a key or none, the schema of the value, the headers."""

    keyed: bool
    schema_id: int
    headers: tuple[tuple[str, bytes | None], ...]


class Runs(NamedTuple):
    """Records of batches of one shape. `frame`: a row a value or an element of its array, and RECORD; `offset` and
    `time` (ms) by record."""

    frame: pl.DataFrame
    offset: Numbers
    time: Numbers


def shape_of(run: bytes) -> Shape | None:
    """That of the first record; None: it has none that can be read at once."""
    try:
        at = _number(run, 0)[1] + 1  # behind its length and attributes
        at = _number(run, _number(run, at)[1])[1]
        key, at = _bytes(run, at)
        value, at = _bytes(run, at)
        if value is None or len(value) < FRAME or value[0]:
            return None
        count, at = _number(run, at)
        headers = []
        for _ in range(count if count <= _MANY else 0):
            name, at = _bytes(run, at)
            said, at = _bytes(run, at)
            headers.append(((name or b"").decode(), said))
    except (IndexError, UnicodeDecodeError):
        return None
    return Shape(key is not None, int.from_bytes(value[1:FRAME], "big"), tuple(headers)) if count <= _MANY else None


class Reader:
    """Reads batches of one shape, whose values `vector` reads; `schema` is their writer's."""

    def __init__(self, shape: Shape, vector: Vector, schema: Any) -> None:
        self._shape = shape
        self._before = [
            *_FRONT,
            (_KEY, "bytes" if shape.keyed else "long"),
            (_SIZE, "long"),
            (_MARK, "int"),
            (_ID, "float"),
        ]
        self._behind = [(_HEADERS, "long")]
        for nth, (_, said) in enumerate(shape.headers):
            self._behind += [
                (f"kafka name {nth}", "string"),
                (f"kafka said {nth}", "long" if said is None else "bytes"),
            ]
        self._vector = within(vector, schema, self._before, self._behind)
        self._drop = [name for name, _ in (*self._before, *self._behind)]

    def read(self, batches: Sequence[Batch], runs: Sequence[bytes], most: int) -> Runs | None:
        """All records of `batches`, whose unpacked bytes are `runs`. None: open them one by one, for one of them is of
        another shape, wrong, or its value has more than `most` bytes."""
        body, sizes = b"".join(runs), np.array([batch.size for batch in batches])
        read = self._vector.read(body, int(sizes.sum()))
        if read is None:
            return None
        length = read["kafka length"].to_numpy()
        if length.min() < 0 or not self._alike(read) or not self._framed(read, length, most):
            return None
        frame = self._vector.believed(read, length + varint(length), body, self._drop)
        if frame is None:
            return None
        return Runs(frame, *_placed(read, batches, sizes))

    def _alike(self, read: pl.DataFrame) -> bool:
        """Whether all records have the shape, as far as what was read says so."""
        (number,) = struct.unpack("<I", struct.pack(">I", self._shape.schema_id))
        same = [(pl.col(name) == 0).all() for name in ("kafka attributes", _MARK)]
        if not self._shape.keyed:
            same.append((pl.col(_KEY) == -1).all())
        same.append((pl.col(_HEADERS) == len(self._shape.headers)).all())
        for nth, (name, said) in enumerate(self._shape.headers):
            same.append((pl.col(f"kafka name {nth}") == name).all())
            same.append((pl.col(f"kafka said {nth}") == (-1 if said is None else said)).all())
        ids = read[_ID].to_numpy().view(np.uint32)
        return bool((ids == number).all()) and all(read.select(s.alias(str(n)) for n, s in enumerate(same)).row(0))

    def _framed(self, read: pl.DataFrame, length: Numbers, most: int) -> bool:
        """Whether each value is as long as its record says, if its record is as long as it says."""
        vector, before = self._vector, len(self._before)
        around = lengths_of(read, [*vector.fields[: before - 2], *vector.fields[-len(self._behind) :]])
        size = read[_SIZE].to_numpy()
        if around is None or size.max() > most:
            return False
        return bool(np.array_equal(length + varint(length) - sum(around), size))


def _placed(read: pl.DataFrame, batches: Sequence[Batch], sizes: Numbers) -> tuple[Numbers, Numbers]:
    """Offset and time of each record."""
    offset = read["kafka offset"].to_numpy() + np.repeat([batch.base for batch in batches], sizes)
    own = np.repeat([not batch.timestamp_type for batch in batches], sizes)
    begin = np.repeat([batch.timestamp if batch.timestamp_type else batch.first for batch in batches], sizes)
    return offset, begin + np.where(own, read["kafka time"].to_numpy(), 0)


def _number(run: bytes, at: int) -> tuple[int, int]:
    """A zigzag number, and where it ends. Raises IndexError."""
    shift = found = 0
    while True:
        byte = run[at]
        found |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return (found >> 1) ^ -(found & 1), at


def _bytes(run: bytes, at: int) -> tuple[bytes | None, int]:
    """Counted bytes, None for a count of −1, and where they end."""
    size, at = _number(run, at)
    return (None, at) if size < 0 else (run[at : at + size], at + size)
