"""The only place of the sinks that polls, retries and commits.

Round: read what is at hand → cut a batch a partition → commit their intents (one request) → write each → on the
next round commit the next intents, or, if nothing more is at hand, the clean ends at once. A write that must come
again keeps its batch, its name and its partition paused, however long; other partitions go on. Nothing is dropped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from sharedchain.errors import ConfigError
from sharedchain.failpoint import failpoint
from sinks import metrics
from sinks.batch import FIRST_EPOCH, Batch, Intent, Place, Record, clean_end, cut, cut_again, read_intent
from sinks.pace import Rested, at_once, backoff
from sinks.reading import known, record_of

_log = logging.getLogger("sinks")
_LIMIT = 10_000  # records a batch: far below the 100 k rows that one ClickHouse block takes
_IDLE = 0.5  # seconds a round waits for the first record
_TWICE = (
    "the tables hold rows, but the positions in Kafka are of another store: read again, every row would be in them "
    "twice; drop this database, it is then filled from the log, or connect the store that was used last"
)


@dataclass(frozen=True, slots=True)
class Done:
    """The batch is where it belongs, for good."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not all of it could be written: call again with the same batch."""

    why: str


class Sink(Protocol):
    """Writes batches. May be called any number of times with one batch, in this life and the next."""

    def assigned(self, ours: Callable[[], bool]) -> None:
        """Partitions have come: others may have written until now. `ours` is to be asked between two effects of one
        batch that no token undoes: False, and they are another's by now."""

    def write(self, batch: Batch) -> Done | Later: ...


@dataclass(slots=True)
class _Lane:
    """One owned partition. `batch` has its intent committed; `done` is written but not committed as a clean end."""

    pending: Intent | None = None
    buffered: list[Record] = field(default_factory=list)
    seen_to: int = -1
    batch: Batch | None = None
    attempts: int = 0
    due: float = 0.0
    failing: float | None = None  # when its first attempt failed
    done: int | None = None


class Runner:
    """Runs one sink over its topics until told to stop. `fence` (seconds) is how old a committed intent may
    grow before ownership is asked again: shorter than the group's session, so that a process that was
    suspended writes nothing as a zombie. `beat` is called whenever the loop comes round; `rested` says when,
    in seconds, the next round may begin; `pause` waits until then. `abreast` batches are written at a time, each in a
    thread of its own: only for a sink whose writes may come in any order and as often as they like.
    Positions of another `epoch` speak of another store: their partitions are read from the beginning, into a store
    that is not `filled`.
    """

    def __init__(
        self,
        consumer: Consumer,
        topics: Sequence[str],
        sink: Sink,
        *,
        epoch: int = FIRST_EPOCH,
        filled: Callable[[], bool] = lambda: False,
        fence: float = 4.0,
        now: Callable[[], float] = time.monotonic,
        beat: Callable[[], None] = lambda: None,
        rested: Rested = at_once,
        pause: Callable[[float], None] = time.sleep,
        abreast: int = 1,
    ) -> None:
        self._consumer = consumer
        self._topics = list(topics)
        self._sink = sink
        self._epoch, self._filled = epoch, filled
        self._fence = fence
        self._now = now
        self._beat = beat
        self._rested, self._pause = rested, pause
        self._abreast = abreast
        self._threads = ThreadPoolExecutor(abreast, "write") if abreast > 1 else None
        self._owned_at = self._next = now()
        self._dealt = False
        self._fresh = False  # partitions came, and it is not told yet
        self._lanes: dict[Place, _Lane] = {}
        self._writing: list[Batch] = []
        self._assignment: list[TopicPartition] = []  # committed positions, as they were when the partitions came
        self._foreign: list[Place] = []  # those of another epoch, until it is committed that they are void

    def run(self, stopping: threading.Event) -> None:
        """Until `stopping`. Raises KafkaException when Kafka says that this member is finished, ConfigError when
        the store would get every row a second time."""
        self._consumer.subscribe(self._topics, on_assign=self._assign, on_revoke=self._revoke, on_lost=self._lose)
        try:
            while not stopping.is_set():
                self._beat()
                idle = self._read()
                if self._disown():
                    self._promise(idle)
                self._write()
        finally:
            self._consumer.close()

    def waits(self) -> str:
        """What it waits for before it follows its topics; empty: partitions were dealt to it."""
        return "" if self._dealt else "no partitions were dealt to it yet"

    def failing_for(self) -> float:
        """Seconds since the first attempt of the batch that waits longest; 0 when none waits."""
        began = [lane.failing for lane in tuple(self._lanes.values()) if lane.failing is not None]
        return self._now() - min(began) if began else 0.0

    def ours(self) -> bool:
        """Whether the batch that is being written may be gone on with: who stood still for a while asks Kafka first."""
        return not self._writing or self._now() - self._owned_at <= self._fence or self._still_ours(self._writing)

    # -- reading ---------------------------------------------------------------------------------------------

    def _read(self) -> bool:
        """Take what is at hand; True when nothing was. Waits only when there is nothing left to do."""
        first = self._consumer.poll(self._patience())
        if first is None:
            return True
        self._take(first)
        if (rest := self._next - self._now()) > 0:
            self._pause(rest)
        assignment = self._assignment
        messages = self._consumer.consume(_LIMIT, 0)
        if assignment is not self._assignment:
            # A rebalance happened inside `consume`: what it returned may belong to either life. Read it all again.
            self._start(self._assignment)
            return False
        for message in messages:
            self._take(message)
        return False

    def _patience(self) -> float:
        lanes = self._lanes.values()
        if any(lane.done is not None for lane in lanes):
            return 0.0
        waits = [lane.due - self._now() for lane in lanes if lane.batch]
        return max(0.0, min([_IDLE, *waits]))

    def _take(self, message: Message) -> None:
        error = message.error()
        place = (message.topic() or "", known(message.partition()))
        if error is None:
            record = record_of(place, message)
            if lane := self._lanes.get(place):
                lane.buffered.append(record)
                lane.seen_to = record.offset + 1
        elif error.code() == KafkaError._PARTITION_EOF:
            if lane := self._lanes.get(place):
                lane.seen_to = max(lane.seen_to, known(message.offset()))
        elif _final(error):
            raise KafkaException(error)
        else:
            _log.warning("Kafka: %s (%s)", error, place[0] or "no topic")

    # -- another store ---------------------------------------------------------------------------------------

    def _disown(self) -> bool:
        """Commit that nothing is written of what another store's positions name, before anybody may call it ready."""
        if self._foreign:
            if self._filled() and not self._begun():
                raise ConfigError([_TWICE])
            if not self._commit([self._clean(place, self._begin_of(place)) for place in self._foreign]):
                return False
            _log.warning("%d positions are of another store: read from the beginning", len(self._foreign))
            self._foreign = []
        if self._fresh:
            self._fresh = False
            self._tell()
        return True

    def _begun(self) -> bool:
        """Whether any member has committed in this epoch. None has, and rows are there: they were written in an
        earlier life of this store, and since then the positions have followed another one."""
        known = self._consumer.list_topics(timeout=10).topics
        places = [TopicPartition(t, p) for t in self._topics if t in known for p in known[t].partitions]
        at = self._consumer.committed(places, timeout=10)
        return any(p.offset >= 0 and read_intent(p.offset, p.metadata).epoch == self._epoch for p in at)

    def _tell(self) -> None:
        pending = sum(1 for lane in self._lanes.values() if lane.pending)
        _log.info("own %d partitions, %d with a pending batch", len(self._assignment), pending)
        self._dealt = True

    # -- promising -------------------------------------------------------------------------------------------

    def _promise(self, idle: bool) -> None:
        """Commit the intents of new batches, and the clean ends of partitions without one."""
        fresh: dict[Place, Batch] = {}
        positions: list[TopicPartition] = []
        closing: list[_Lane] = []
        for place, lane in self._lanes.items():
            if lane.batch is not None:
                continue
            if lane.pending is not None:
                self._resume_pending(place, lane)
            elif lane.buffered:
                fresh[place] = batch = cut(place, lane.buffered, self._epoch, _LIMIT)
                positions.append(_position(place, batch.intent.start, batch.intent.metadata()))
            elif lane.done is not None and (idle or fresh):
                positions.append(self._clean(place, lane.done))
                closing.append(lane)
        if not positions or not self._commit(positions):
            return  # uncommitted intents were never acted on: the next round cuts anew
        for lane in closing:
            lane.done = None
        for place, batch in fresh.items():
            lane = self._lanes[place]
            lane.batch, lane.done = batch, None
            del lane.buffered[: len(batch.records)]
        if fresh:
            failpoint("sink.after_intent")

    def _resume_pending(self, place: Place, lane: _Lane) -> None:
        assert lane.pending is not None
        if batch := cut_again(place, lane.pending, lane.buffered, lane.seen_to):
            _log.info("%s-%s: writing the pending %s again", *place, batch.name)
            metrics.REPLAYED.inc()
            lane.batch, lane.pending = batch, None
            del lane.buffered[: len(batch.records)]

    def _commit(self, positions: list[TopicPartition]) -> bool:
        failpoint("sink.before_commit")
        try:
            answers = self._consumer.commit(offsets=positions, asynchronous=False) or []
        except KafkaException as error:
            return self._commit_failed(error.args[0])
        for answer in answers:
            if answer.error is not None:
                return self._commit_failed(answer.error)
        self._owned_at = self._now()
        return True

    def _commit_failed(self, error: KafkaError) -> bool:
        """A rebalance or a slow coordinator: poll on; who is no member any more learns it there."""
        if _final(error):
            raise KafkaException(error)
        _log.warning("commit: %s; polling on", error)
        return False

    # -- writing ---------------------------------------------------------------------------------------------

    def _write(self) -> None:
        lanes, began_round = self._lanes.values(), self._now()
        records = sum(len(one.batch.records) for one in lanes if one.batch)
        metrics.HELD.set(records + sum(len(one.buffered) for one in lanes))
        due = [(place, one) for place, one in self._lanes.items() if one.batch is not None and one.due <= self._now()]
        for nth in range(0, len(due), self._abreast):
            some = due[nth : nth + self._abreast]
            batches = [one.batch for _, one in some if one.batch is not None]
            if self._now() - self._owned_at > self._fence and not self._still_ours(batches):
                return
            for (place, lane), written in zip(some, self._written(batches), strict=True):
                self._settle(place, lane, *written)
        if records:
            self._next = self._rested(began_round, self._now(), records)

    def _written(self, batches: list[Batch]) -> list[tuple[Done | Later, float]]:
        """What became of each, and the seconds that it took."""
        failpoint("sink.before_insert")
        self._writing = batches
        found = [*(self._threads.map if self._threads else map)(self._timed, batches)]
        self._writing = []
        failpoint("sink.after_insert")
        self._beat()
        return found

    def _timed(self, batch: Batch) -> tuple[Done | Later, float]:
        began = time.perf_counter()
        return self._sink.write(batch), time.perf_counter() - began

    def _still_ours(self, batches: list[Batch]) -> bool:
        return self._commit([_position(one.place, one.intent.start, one.intent.metadata()) for one in batches])

    def _settle(self, place: Place, lane: _Lane, outcome: Done | Later, took: float) -> None:
        assert lane.batch is not None
        topic, partition = place
        match outcome:
            case Done():
                if lane.attempts:
                    self._consumer.resume([TopicPartition(topic, partition)])
                metrics.RECORDS.labels(topic).inc(len(lane.batch.records))
                metrics.WRITE.observe(took)
                lane.done, lane.batch, lane.attempts, lane.due = lane.batch.intent.end, None, 0, 0.0
                lane.failing = None
            case Later(why):
                if not lane.attempts:
                    self._consumer.pause([TopicPartition(topic, partition)])
                    lane.failing = self._now()
                lane.attempts += 1
                lane.due = self._now() + backoff(lane.attempts)
                metrics.RETRIES.labels(topic).inc()
                _log.warning("%s-%s: %s; attempt %d follows", topic, partition, why, lane.attempts + 1)
        metrics.WAITING.set(sum(1 for one in self._lanes.values() if one.attempts))

    # -- membership ------------------------------------------------------------------------------------------

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        committed = consumer.committed(partitions, timeout=10) if partitions else []
        for at in committed:
            if at.error is not None:
                raise KafkaException(at.error)
        self._assignment = committed
        self._start(committed)
        self._owned_at, self._fresh = self._now(), True
        self._sink.assigned(self.ours)

    def _start(self, committed: list[TopicPartition]) -> None:
        """Read from the committed positions, whatever was read before."""
        self._lanes, self._foreign = {}, []
        starts: list[TopicPartition] = []
        for p in committed:
            place, start = (p.topic, p.partition), p.offset
            at = read_intent(p.offset, p.metadata) if p.offset >= 0 else None
            if at is not None and at.epoch != self._epoch:
                self._foreign.append(place)
                at, start = None, OFFSET_BEGINNING
            self._lanes[place] = _Lane(pending=at if at and at.end > at.start else None)
            starts.append(_position(place, _or_beginning(start)))
        self._consumer.assign(starts)
        self._consumer.resume(committed)

    def _revoke(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        """Leave clean ends behind; what is promised and not written is the successor's by its intent."""
        clean = [
            self._clean((p.topic, p.partition), lane.done)
            for p in partitions
            if (lane := self._lanes.get((p.topic, p.partition))) and lane.batch is None and lane.done is not None
        ]
        if clean:
            self._commit(clean)
        self._forget(partitions)

    def _lose(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._forget(partitions)

    def _forget(self, partitions: list[TopicPartition]) -> None:
        for p in partitions:
            self._lanes.pop((p.topic, p.partition), None)
        self._foreign = [place for place in self._foreign if place in self._lanes]

    def _begin_of(self, place: Place) -> int:
        """The first offset that is kept: where retention took all, nobody would ever commit a later one."""
        low, _ = self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=10)
        return low

    def _clean(self, place: Place, end: int) -> TopicPartition:
        return _position(place, end, clean_end(end, self._epoch))


def _position(place: Place, offset: int, metadata: str = "") -> TopicPartition:
    return TopicPartition(*place, offset, metadata=metadata)


def _or_beginning(offset: int) -> int:
    return offset if offset >= 0 else OFFSET_BEGINNING


def _final(error: KafkaError) -> bool:
    """Whether this client will never work again. An error that a poll brings says so by its code, not by its flag."""
    return error.fatal() or error.code() == KafkaError._FATAL
