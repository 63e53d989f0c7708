"""A record of a domain topic as it lies in Kafka: bytes, headers, place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge

RawHeaders = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """`timestamp` is the broker's append time, milliseconds since the epoch."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: RawHeaders
    timestamp: int

    @property
    def place(self) -> str:
        """«topic/partition/offset»."""
        return f"{self.topic}/{self.partition}/{self.offset}"


def in_append_order(records: Iterable[Record], first: str) -> Iterator[Record]:
    """All records of topic `first`, then the others by append time; a partition keeps its own order.

    Across topics nothing orders records but the broker's clock: a parent published before its
    child, a tenant's configuration before its facts, are decided in that order.
    """
    runs: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        runs.setdefault((record.topic, record.partition), []).append(record)
    yield from (r for (topic, _), run in sorted(runs.items()) if topic == first for r in run)
    yield from merge(*(run for (topic, _), run in sorted(runs.items()) if topic != first), key=lambda r: r.timestamp)
