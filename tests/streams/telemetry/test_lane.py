"""A lane of the telemetry engine: what it tells, what it remembers and where it stands are one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import MagicMock

import pytest

from sharedchain.spine import Record
from sharedchain.tail import Seen
from sharedchain.telemetry import Reading, Slice
from streams.outputs import Decided
from streams.telemetry import lane as lane_module
from streams.telemetry.lane import STATE, Lane
from streams.telemetry.thin import Limit

NOW = 1_777_000_000_000
LOG = {n: 93.0 if n < 4 or n > 6 else 99.0 for n in range(10)}  # offset → value: out of its range from 4 to 6


class Log:
    """Readings by offset, the state topic, and the position: what Kafka would hold."""

    def __init__(self) -> None:
        self.told: list[Record] = []
        self.states: list[Record] = []
        self.position: Decided | None = None
        self.opened: list[tuple[int, ...]] = []

    def open(self) -> Decided | None:
        return self.position

    def commit(self, records: Any, decided: Decided) -> None:
        for record in records:
            (self.states if record.topic == STATE else self.told).append(record)
        self.position = decided

    def read(self, _: Any, topic: str, __: int, start: int | None) -> Iterator[Seen]:
        if topic == STATE:
            return iter([Seen(n, [], record.value) for n, record in enumerate(self.states)])
        return iter([Seen(n, [], b"") for n in LOG if n >= (start or 0)])


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    made = Log()
    monkeypatch.setattr(lane_module, "records", made.read)
    monkeypatch.setattr("streams.telemetry.lane.time.monotonic", lambda: 0.0)
    return made


@dataclass(frozen=True)
class Closed:
    """A record batch of these offsets; it remembers whether it was opened."""

    offsets: tuple[int, ...]
    log: Log

    @property
    def base(self) -> int:
        return self.offsets[0]

    @property
    def offset(self) -> int:
        return self.offsets[-1]

    @property
    def size(self) -> int:
        return len(self.offsets)

    def records(self) -> list[Seen]:
        self.log.opened.append(self.offsets)
        return [Seen(n, [], b"") for n in self.offsets]


def lane(log: Log) -> Lane:
    def said(offsets: Any) -> Slice:
        who = ("acme", False, "EQ-1", "B", "t")
        return Slice([Reading(*who, LOG[n], None, True, NOW + n, NOW, n, 0) for n in offsets], [], [])

    reader = MagicMock()
    setpoints = MagicMock(limits={("acme", "EQ-1", "t"): Limit(910_000, 950_000, "")})
    reader.get_watermark_offsets.return_value = (0, 10)
    made = Lane(
        3,
        read_batches=lambda batches: said([n for batch in batches for n in batch.offsets]),  # type: ignore[attr-defined]
        read=lambda records: said([r.offset for r in records]),
        write=lambda one: Record("told", 0, b"", str(one.offset).encode(), []),
        outputs=log,  # type: ignore[arg-type]
        reader=lambda: reader,
        setpoints=setpoints,
        window=60_000,
    )
    made.recover()
    return made


def told(log: Log) -> list[int]:
    return [int(record.value) for record in log.told]


def slice_(log: Log, *offsets: int, cut: int = 2) -> Any:
    """Batches of two records, as far as they follow one another."""
    return [Closed(offsets[n : n + cut], log) for n in range(0, len(offsets), cut)]


def test_a_successor_goes_on_where_the_transaction_left_it(log: Log) -> None:
    lane(log).decide(slice_(log, 0, 1, 2, 3, 4))
    assert log.opened == []  # nothing was missing, and nothing there twice
    lane(log).decide(slice_(log, 3, 4, 5, 6, 7))
    assert told(log) == [0, 4, 7]
    assert log.position == Decided(8, 8)
    assert log.opened == [(3, 4), (5, 6), (7,)]


def test_a_batch_that_was_compacted_is_opened_and_what_it_lacks_is_read_again(log: Log) -> None:
    lane(log).decide(slice_(log, 0, 1, 2, 4, 5, 6, 7, cut=7))
    assert log.opened
    assert told(log) == [0, 4, 7]
    assert log.position == Decided(8, 8)


def test_what_did_not_come_is_read_again_and_what_was_judged_is_not(log: Log) -> None:
    one = lane(log)
    one.decide(slice_(log, 0, 1))
    one.decide(slice_(log, 6, 7))
    one.decide(slice_(log, 2, 3))
    one.decide(slice_(log, 7, 8, 8, 9))
    assert told(log) == [0, 4, 7]
    assert log.position == Decided(8, 8)


def test_slices_that_are_decided_together_may_overlap_and_leave_a_gap(log: Log) -> None:
    lane(log).decide(slice_(log, 0, 1, 2, 1, 2, 5, 6, 8))
    assert told(log) == [0, 4, 7]
    assert log.position == Decided(9, 9)


def test_where_nothing_is_told_the_position_is_committed_when_it_is_kept(log: Log) -> None:
    one = lane(log)
    one.decide(slice_(log, 0))
    one.decide(slice_(log, 1, 2))
    assert log.position == Decided(1, 1)
    one.keep()
    assert log.position == Decided(3, 3)
