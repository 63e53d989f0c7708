"""The one writer of what a spine partition's facts cause: a transaction a slice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from sharedchain import canonical
from sharedchain.errors import ConnectionFailed, Fenced
from sharedchain.failpoint import failpoint
from sharedchain.kafka import FENCED_CODES, fatal_cause
from sharedchain.spine import BY_KEY, Record

T = TypeVar("T")
_CALL = 10.0  # seconds for one call to the broker
_PATIENCE = 30.0  # seconds for a call and its repetitions


@dataclass(frozen=True, slots=True)
class Decided:
    """Everything before the spine position `offset` is decided; its last fact was `seq`, and `commanded` the last one
    that caused a command: what comes of it comes back on the spine, behind."""

    offset: int
    seq: int
    commanded: int = 0


class Outputs:
    """Derived events, decided position and snapshot of one partition, all in one transaction.

    The producer's fixed transactional id makes `open` fence whoever wrote for this partition before.
    Every method blocks: call them from a thread. They raise Fenced when a successor has taken over,
    ConnectionFailed when the broker does not answer; after either this process must end.
    """

    def __init__(self, producer: Producer, positions: Consumer, spine: str, partition: int) -> None:
        self._producer = producer
        self._positions = positions  # only asked for positions and for its group's name: never subscribed
        self._spine = spine
        self._partition = partition

    def open(self) -> Decided | None:
        """Fence the predecessor, end its open transaction, and read what it had decided."""
        _insist(lambda: self._producer.init_transactions(_PATIENCE))
        place = TopicPartition(self._spine, self._partition)
        (found,) = _insist(lambda: self._positions.committed([place], timeout=_CALL))
        if found.error is not None:
            raise ConnectionFailed(f"decided position of {self._spine}/{self._partition}: {found.error}")
        if found.offset < 0:
            return None
        told = json.loads(found.metadata or "{}")
        return Decided(found.offset, int(told["seq"]), int(told.get("commanded", 0)))

    def commit(self, records: Iterable[Record], decided: Decided) -> None:
        """Make `records` and the position visible together, or not at all."""
        told = {"seq": decided.seq} | ({"commanded": decided.commanded} if decided.commanded else {})
        place = TopicPartition(self._spine, self._partition, decided.offset, canonical.dumps(told))
        group = self._positions.consumer_group_metadata()
        _insist(self._producer.begin_transaction)
        commands = 0
        for record in records:
            self._produce(record)
            commands += record.partition == BY_KEY
        if commands:
            failpoint("engine.after_command")
        failpoint("engine.after_outputs")
        _insist(lambda: self._producer.send_offsets_to_transaction([place], group, _CALL))
        failpoint("engine.before_commit")
        _insist(lambda: self._producer.commit_transaction(_CALL))
        failpoint("engine.after_commit")

    def close(self) -> None:
        """Let the producer go without a word: an open transaction is left to the successor."""
        self._producer.purge()

    def _produce(self, record: Record) -> None:
        while True:
            try:
                self._producer.produce(
                    record.topic, record.value, key=record.key, partition=record.partition, headers=[*record.headers]
                )
                return
            except BufferError:  # librdkafka's queue is full: let it send
                self._producer.poll(0.01)
            except KafkaException as raised:
                raise _lost(fatal_cause(self._producer, raised)) from raised


def _insist(call: Callable[[], T]) -> T:
    """Repeat `call` while librdkafka says that it may; tell a fenced producer from a lost broker."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return call()
        except KafkaException as raised:
            error: KafkaError = raised.args[0]
            again = error.retriable() or error.code() == KafkaError._TIMED_OUT
            if error.code() in FENCED_CODES or not again or time.monotonic() > deadline:
                raise _lost(raised) from raised


def _lost(raised: KafkaException) -> Exception:
    error: KafkaError = raised.args[0]
    if error.code() in FENCED_CODES:
        return Fenced(f"a successor writes for this partition now: {error}")
    return ConnectionFailed(f"a transaction could not be ended: {error}")
