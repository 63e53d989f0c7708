"""How a turn reaches Kafka: spine records, dead letters and offsets in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaError, KafkaException, Message, TopicPartition

from sharedchain.barrier import lane_group
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed, Fenced, SharedChainError
from sharedchain.failpoint import failpoint
from sharedchain.kafka import FENCED_CODES, consumer, fatal_cause, transactional_producer
from sharedchain.scope import SPINE
from sharedchain.spine import fact_headers
from streams.ingest import letters
from streams.ingest.disk import Mark
from streams.ingest.record import Record
from streams.ingest.recovery import read_at
from streams.ingest.ticks import Place
from streams.ingest.turn import DeadLetter, Turn

_ANSWER = 10.0  # seconds for an answer of the coordinator before it is asked again
# Seconds until its records must be on their brokers: then a transaction is over its ten seconds, and the brokers have
# aborted it. After the loss of a broker librdkafka may wait for ever; a successor of this process begins anew.
_FLUSH = 15.0


class ClockSkew(SharedChainError):
    """Our clock and the broker's differ too much to stamp time on facts."""


class Writer:
    """The one transactional producer of a lane. `init` fences whoever had it before."""

    def __init__(self, endpoints: Endpoints, lane: int, skew: int, wall: Callable[[], int]) -> None:
        self._endpoints, self._lane, self._skew, self._wall = endpoints, lane, skew, wall
        self._producer = transactional_producer(
            endpoints,
            lane_group(lane),
            **{"queue.buffering.max.messages": 200_000, "compression.type": "lz4"},
        )

    def init(self) -> None:
        """Fence and abort the predecessor. Waits for brokers that do not answer yet."""
        _until_done(lambda: self._producer.init_transactions(_ANSWER))

    def write(self, turn: Turn, offsets: Mapping[Place, int], group: Any) -> dict[int, Mark]:
        """One transaction; returns where each written partition of the spine ends now.

        Raises Fenced, ClockSkew, ConnectionFailed, KafkaException: then nothing was written, and this process must end.
        """
        busy = bool(turn.entries and turn.counts.total() > turn.counts["tick", ""])
        told: list[Message] = []
        # Before it begins: a transaction has ten seconds, and hundreds of children may have waited in vain.
        dead = [*zip(turn.dead, self._published(turn.dead), strict=True)]
        try:
            self._producer.begin_transaction()
            _point("after_begin", busy)
            self._produce(turn, dead, told)
            _point("after_produce", busy)
            places = [TopicPartition(t, p, offset) for (t, p), offset in offsets.items()]
            if places:  # while the records are on their way
                _until_done(lambda: self._producer.send_offsets_to_transaction(places, group, _ANSWER))
            if left := self._producer.flush(_FLUSH):
                raise ConnectionFailed(f"{left} records of a transaction reached no broker within {_FLUSH:.0f} s")
            self._check_clock(turn.now, told)
            _point("before_commit", busy)
            _until_done(lambda: self._producer.commit_transaction(_ANSWER))
        except KafkaException as error:
            raise _fenced(fatal_cause(self._producer, error)) from error
        _point("after_commit", busy)
        ends = {int(m.partition() or 0): int(m.offset() or 0) for m in told}
        last = {e.fact.partition: e.fact for e in turn.entries}
        return {p: Mark(fact.seq, ends[p], fact.id) for p, fact in last.items()}

    def _produce(self, turn: Turn, dead: list[tuple[DeadLetter, Record]], told: list[Message]) -> None:
        """Hand everything over. The first and the last spine record of each partition will tell where
        and when they were appended; a record that fails makes the commit fail."""

        def done(error: KafkaError | None, message: Message) -> None:
            if error is None:
                told.append(message)

        ends = {e.fact.partition: e for e in turn.entries}
        begins = {e.fact.partition: e for e in reversed(turn.entries)}
        for entry in turn.entries:
            fact = entry.fact
            asked = done if ends[fact.partition] is entry or begins[fact.partition] is entry else None
            headers = fact_headers(fact)
            self._send(SPINE, entry.value, fact.scope.encode() or None, headers, fact.partition, asked)
            if entry.live:
                kind = turn.catalog.types[fact.type]
                self._send(kind.topic, entry.value, kind.key_of(fact.scope, fact.data), headers, fact.partition)
        for letter, record in dead:
            topic = turn.catalog.topics[record.topic].dlq
            self._send(topic, letters.value(record), letter.place.encode(), letters.headers(letter, record, self._lane))

    def _send(
        self, topic: str, value: bytes | None, key: bytes | None, headers: Any, partition: int = -1, done: Any = None
    ) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, partition, headers=headers, on_delivery=done)
                return
            except BufferError:
                self._producer.poll(0.01)

    def _check_clock(self, before: int, told: list[Message]) -> None:
        stamps = (m.timestamp() for m in told)
        stamped = [moment for kind, moment in stamps if kind == TIMESTAMP_LOG_APPEND_TIME]
        if stamped and not before - self._skew <= min(stamped) <= max(stamped) <= self._wall() + self._skew:
            raise ClockSkew(
                f"the broker says {min(stamped)}, this machine {before}: set the clocks, at most {self._skew} ms apart"
            )

    def _published(self, dead: Sequence[DeadLetter]) -> list[Record]:
        """The records as they were published: of children that waited from the log, by one reader for all of them."""
        if all(letter.record for letter in dead):
            return [letter.record for letter in dead if letter.record]
        reader = consumer(self._endpoints, "chain.ingest.letters", **{"enable.partition.eof": True})
        try:
            return [letter.record or _fetched(reader, letter) for letter in dead]
        finally:
            reader.close()


def _fetched(reader: Consumer, letter: DeadLetter) -> Record:
    """The published bytes of a child that waited."""
    topic, partition, offset = letter.place.rsplit("/", 2)
    found = read_at(reader, topic, int(partition), int(offset))
    if found is None:
        return letters.lost(letter)
    said: Any = found.headers() or ()
    key, value = found.key(), found.value()
    return Record(topic, int(partition), int(offset), _bytes(key), _bytes(value), tuple(said), found.timestamp()[1])


def _until_done(call: Callable[[], object], patience: float = 120.0) -> None:
    """Repeat a transactional call while its error is retriable."""
    deadline = time.monotonic() + patience
    while True:
        try:
            call()
            return
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise _fenced(error) from error


def _fenced(error: KafkaException) -> Exception:
    said: KafkaError = error.args[0]
    return Fenced(f"a successor of this lane took over: {said.str()}") if said.code() in FENCED_CODES else error


def _point(name: str, busy: bool) -> None:
    """Failpoints count transactions that carry records, not bare ticks."""
    if busy:
        failpoint(f"ingest.{name}")


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
