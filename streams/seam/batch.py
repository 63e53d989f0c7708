"""A record batch of Kafka, format 2, as one thing: for an agent that reads many records at once.

Layout: Kafka's documentation, «Record Batch». What is aborted, and the markers, aiokafka has left out
before a batch comes here; unpacking its records is left to who wants them one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from aiokafka import codec
from aiokafka.record.memory_records import MemoryRecords

_HEAD = struct.Struct(">qiibIhiqqqhii")  # from the base offset to the count of records
_FRONT = 12  # bytes of base offset and length, which the length does not count
_UNPACK: Sequence[Any] = (bytes, codec.gzip_decode, codec.snappy_decode, codec.lz4_decode, codec.zstd_decode)
_APPENDED = 1 << 3  # of the attributes: one time for all records, at which Kafka took them


class Record(NamedTuple):
    """aiokafka's ConsumerRecord, field by field."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    checksum: int | None
    serialized_key_size: int
    serialized_value_size: int
    headers: Sequence[tuple[str, bytes]]


class Batch(NamedTuple):
    """Offsets `base` to `offset`, both within, of which `size` are there; times in ms: `first` is what the records'
    own are told from, `timestamp` the latest; `timestamp_type` 1: that of all, at which Kafka took them."""

    topic: str
    partition: int
    base: int
    offset: int
    size: int
    first: int
    timestamp: int
    timestamp_type: int
    octets: bytes

    @classmethod
    def of(cls, topic: str, partition: int, octets: bytes) -> Batch:
        """Raises ValueError for a format before 2, which Kafka 4 no longer writes."""
        base, _, _, magic, _, attributes, last, first, latest, _, _, _, size = _HEAD.unpack_from(octets)
        if magic != 2:
            raise ValueError(f"{topic}/{partition}: a record batch of format {magic} at {base}; 2 is read")
        appended = bool(attributes & _APPENDED)
        return cls(topic, partition, base, base + last, size, first, latest, int(appended), octets)

    @property
    def run(self) -> bytes:
        """Its records, one behind the other, unpacked."""
        (attributes,) = struct.unpack_from(">h", self.octets, 21)
        unpacked: bytes = _UNPACK[attributes & 7](self.octets[_HEAD.size :])
        return unpacked

    def records(self) -> list[Record]:
        """One by one, as an agent without batches gets them."""
        return [
            Record(
                self.topic, self.partition, one.offset, one.timestamp, one.timestamp_type, one.key, one.value,
                one.checksum, -1 if one.key is None else len(one.key), -1 if one.value is None else len(one.value),
                tuple(one.headers),
            )
            for one in MemoryRecords(self.octets).next_batch()
        ]  # fmt: skip


def size(batches: Iterable[Batch]) -> int:
    """Records in them."""
    return sum(batch.size for batch in batches)


class Remembered:
    """aiokafka's MemoryRecords of one fetch; it knows its bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._records = MemoryRecords(data)

    def has_next(self) -> bool:
        return bool(self._records.has_next())

    def next_batch(self) -> Any:
        return self._records.next_batch()

    def size_in_bytes(self) -> int:
        return int(self._records.size_in_bytes())


class Sealed:
    """The same, each of its batches as one record: what aiokafka unpacks of it is a Batch."""

    def __init__(self, topic: str, partition: int, fetched: Remembered) -> None:
        self._place, self._fetched, self._at = (topic, partition), fetched, 0

    def has_next(self) -> bool:
        return self._fetched.has_next()

    def next_batch(self) -> Any:
        begin, data = self._at, self._fetched.data
        self._at += _FRONT + int.from_bytes(data[begin + 8 : begin + _FRONT], "big")
        batch = self._fetched.next_batch()
        return batch if batch.is_control_batch else _One(batch, Batch.of(*self._place, data[begin : self._at]))


class _One:
    """aiokafka's batch, which says of itself what it says, with one thing in it."""

    def __init__(self, batch: Any, whole: Batch) -> None:
        self._batch, self._whole = batch, whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Batch]:
        yield self._whole
