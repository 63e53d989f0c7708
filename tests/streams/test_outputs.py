"""One transaction: its order, its patience, and how it tells a successor from a lost broker."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from sharedchain.errors import ConnectionFailed, Fenced
from sharedchain.spine import Record
from streams.outputs import Decided, Outputs


class FakeProducer:
    """Notes its calls; raises what `fails` holds for a call, one each time."""

    def __init__(self, **fails: list[BaseException]) -> None:
        self.calls: list[str] = []
        self.offsets: list[TopicPartition] = []
        self._fails = fails

    def _do(self, name: str) -> None:
        self.calls.append(name)
        if raised := self._fails.get(name):
            raise raised.pop(0)

    def init_transactions(self, _: float) -> None:
        self._do("init")

    def begin_transaction(self) -> None:
        self._do("begin")

    def produce(self, *_: Any, **__: Any) -> None:
        self._do("produce")

    def poll(self, _: float) -> None:
        self._do("poll")

    def send_offsets_to_transaction(self, offsets: list[TopicPartition], *_: Any) -> None:
        self.offsets = offsets
        self._do("offsets")

    def commit_transaction(self, _: float) -> None:
        self._do("commit")


class FakePositions:
    def __init__(self, offset: int = -1001, metadata: str | None = None) -> None:
        self._found = TopicPartition("spine", 3, offset, metadata) if metadata else TopicPartition("spine", 3, offset)

    def committed(self, _: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        return [self._found]

    def consumer_group_metadata(self) -> None: ...


def outputs(producer: FakeProducer, positions: FakePositions | None = None) -> Outputs:
    return Outputs(producer, positions or FakePositions(), "spine", 3)  # type: ignore[arg-type]


def kafka(code: int, *, retriable: bool = False, fatal: bool = False) -> KafkaException:
    return KafkaException(KafkaError(code, "so it is", fatal, retriable))


RECORD = Record("out", 3, b"k", b"v", [])


def test_outputs_and_position_go_in_one_transaction() -> None:
    producer = FakeProducer()
    outputs(producer).commit([RECORD, RECORD], Decided(17, 12))
    assert producer.calls == ["begin", "produce", "produce", "offsets", "commit"]
    assert [(tp.partition, tp.offset, tp.metadata) for tp in producer.offsets] == [(3, 17, '{"seq":12}')]


def test_opening_fences_first_and_asks_for_the_position_then() -> None:
    producer = FakeProducer()
    assert outputs(producer, FakePositions(17, '{"seq":12}')).open() == Decided(17, 12)
    assert producer.calls == ["init"]


def test_the_position_remembers_the_last_fact_that_commanded() -> None:
    producer = FakeProducer()
    outputs(producer).commit([RECORD], Decided(17, 12, 9))
    (told,) = producer.offsets
    assert told.metadata == '{"commanded":9,"seq":12}'
    assert outputs(producer, FakePositions(17, told.metadata)).open() == Decided(17, 12, 9)


def test_a_new_partition_has_no_position() -> None:
    assert outputs(FakeProducer()).open() is None


def test_a_full_queue_is_waited_for() -> None:
    producer = FakeProducer(produce=[BufferError()])
    outputs(producer).commit([RECORD], Decided(1, 1))
    assert producer.calls == ["begin", "produce", "poll", "produce", "offsets", "commit"]


@pytest.mark.parametrize("code", [KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH])
def test_a_successor_is_told_from_a_failure(code: int) -> None:
    with pytest.raises(Fenced):
        outputs(FakeProducer(commit=[kafka(code, fatal=True)])).commit([], Decided(1, 1))


def test_what_may_be_repeated_is_repeated() -> None:
    producer = FakeProducer(commit=[kafka(KafkaError.COORDINATOR_LOAD_IN_PROGRESS, retriable=True)])
    outputs(producer).commit([], Decided(1, 1))
    assert producer.calls.count("commit") == 2


def test_a_lost_transaction_is_not_repeated() -> None:
    with pytest.raises(ConnectionFailed, match="could not be ended"):
        outputs(FakeProducer(offsets=[kafka(KafkaError.INVALID_TXN_STATE)])).commit([], Decided(1, 1))
