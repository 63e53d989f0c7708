"""Reading to the end: records in order, the end as it is now, a silent broker is told."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition

from sharedchain import tail
from sharedchain.errors import ConnectionFailed


class FakeMessage:
    def __init__(self, offset: int = 0, error: KafkaError | None = None) -> None:
        self._offset, self._error = offset, error

    def error(self) -> KafkaError | None:
        return self._error

    def offset(self) -> int:
        return self._offset

    def headers(self) -> list[tuple[str, bytes]] | None:
        return [("h", b"1")] if self._offset else None

    def value(self) -> bytes | None:
        return b"v" if self._offset else None

    def timestamp(self) -> tuple[int, int]:
        return 2, 1


class FakeReader:
    def __init__(self, *batches: list[FakeMessage]) -> None:
        self._batches = [*batches]
        self.assigned: list[TopicPartition] = []

    def assign(self, places: list[TopicPartition]) -> None:
        self.assigned = places

    def consume(self, _: int, __: float) -> list[FakeMessage]:
        return self._batches.pop(0) if self._batches else []


END = FakeMessage(error=KafkaError(KafkaError._PARTITION_EOF))


def read(reader: Any, start: int | None = None) -> list[tail.Seen]:
    return list(tail.records(reader, "t", 2, start))


def test_records_come_in_order_up_to_the_end() -> None:
    reader = FakeReader([FakeMessage(0)], [], [FakeMessage(3), END, FakeMessage(9)])
    assert read(reader) == [tail.Seen(0, [], b"", 1), tail.Seen(3, [("h", b"1")], b"v", 1)]


def test_no_batch_goes_beyond_where_it_was_told_to_end() -> None:
    reader: Any = FakeReader([FakeMessage(1), FakeMessage(2)], [FakeMessage(3), FakeMessage(5), END], [FakeMessage(6)])
    found = [[m.offset() for m in some] for some in tail.batches(reader, TopicPartition("t", 2, 1), until=4)]
    assert found == [[1, 2], [3]]


@pytest.mark.parametrize(("start", "offset"), [(None, OFFSET_BEGINNING), (0, 0), (7, 7)])
def test_it_starts_where_told(start: int | None, offset: int) -> None:
    reader = FakeReader([END])
    read(reader, start)
    (place,) = reader.assigned
    assert (place.topic, place.partition, place.offset) == ("t", 2, offset)


def test_a_failing_partition_is_told() -> None:
    with pytest.raises(ConnectionFailed, match="cannot read t/2"):
        read(FakeReader([FakeMessage(error=KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))]))


def test_a_silent_broker_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "_PATIENCE", 0.0)
    with pytest.raises(ConnectionFailed, match="no answer"):
        read(FakeReader([], []))
