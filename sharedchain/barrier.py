"""The barrier: `settle` returns when all that was published before it is decided and stored.

A follower (consumer group) has passed a topic when nothing but the log's end lies behind its
committed positions. That is asked of Kafka itself: read from the committed position,
`read_committed`; if the first thing seen is the end, no record is left. Comparing numbers would
not do, because commit markers and aborted records have offsets too. The end is the log's, not the
last stable offset: a transaction whose commit was answered may not be visible yet, and must be
waited for.

What a rule commands goes round: engine → domain topic → ingest → spine → engine. The engine's positions tell the last
fact that commanded something; ingest and engine are waited for again until a round commanded nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed, SharedChainError
from sharedchain.kafka import quiet_admin, quiet_consumer
from sharedchain.lag import ends_of
from sharedchain.schemas import Catalog
from sharedchain.scope import PARTITIONS, SPINE

T = TypeVar("T")
ENGINE = "chain.engine"
CLICKHOUSE = "chain.sink.clickhouse"
NOTIFY = "chain.sink.notify"
TELEMETRY, MINUTES = "chain.telemetry", "chain.sink.telemetry"
_LANE = "chain.ingest.lane"  # and the number of the lane
ALERT, NOTIFICATION = "ops.alert.v1", "ops.notification.v1"
_ROUNDS = 16  # of commands that cause commands: a ring of rules never rests, and is no reason to wait for ever
_LOSS = 45.0  # seconds in which the brokers that are left agree on a successor of one that was lost
_ANSWER = 3.0  # seconds for one answer; without one it is asked again, maybe of another broker
_PROBE = 5.0  # seconds for one probe of all partitions of a stage; a slow broker makes it ask again
_PAUSE = 0.05  # seconds between two questions, at most
_SHARE = 0.05  # of the time waited so far


class NotSettled(SharedChainError):
    """Somebody did not reach the end in time; the text says who and where."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A follower and the topics whose present end it must have passed."""

    group: str
    topics: tuple[str, ...]


def lane_group(number: int) -> str:
    """The group of a lane of ingest; its transactions have the same name."""
    return f"{_LANE}{number}"


def stages(catalog: Catalog, lanes: int = 1, *, telemetry: bool = False) -> list[Stage]:
    """The followers in the order in which facts reach them; behind them those of `telemetry`, where it is part."""
    doors = tuple(t.name for t in catalog.topics.values() if t.ingest)
    dead = tuple(f"{t}.dlq.v1" for t in doors)
    readings = tuple(t.name for t in catalog.topics.values() if t.telemetry)
    made = tuple(sorted(t.name for t in catalog.topics.values() if t.derived == "engine"))
    return [
        *(Stage(lane_group(k), doors) for k in range(lanes)),
        Stage(ENGINE, (SPINE,)),
        Stage(CLICKHOUSE, (SPINE, *made, *dead)),
        Stage(NOTIFY, (ALERT,)),
        Stage(CLICKHOUSE, (NOTIFICATION,)),
        *([Stage(TELEMETRY, readings), Stage(MINUTES, readings)] if telemetry else []),  # `settle` begins with it
    ]


def stages_of(endpoints: Endpoints, catalog: Catalog) -> list[Stage]:
    """The followers that run there."""
    return stages(catalog, endpoints.lanes, telemetry=endpoints.telemetry)


def settle(endpoints: Endpoints, timeout: float = 60.0) -> None:
    """Wait until everything published before this call is decided, stored and told.

    `timeout` in seconds. Raises NotSettled naming the follower that is behind, ConnectionFailed
    when Kafka does not answer.
    """
    deadline = time.monotonic() + timeout
    with Barrier(endpoints) as barrier:
        barrier.settle(stages_of(endpoints, Catalog.load()), deadline)


class Barrier:
    """A reader that asks for positions. Keep it open to settle often: opening costs the most."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        # the first record is all that a probe asks for: a backlog of megabytes need not come along
        small = {"max_partition_fetch_bytes": 1, "queued_min_messages": 1}
        self._probe = quiet_consumer(
            endpoints, "chain.barrier", enable_partition_eof=True, fetch_wait_max_ms=1, **small
        )
        self._log = quiet_admin(endpoints, _ANSWER)
        self._partitions: dict[str, list[int]] = {}
        self._groups: dict[str, Consumer] = {}

    def __enter__(self) -> Barrier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for reader in (self._probe, *self._groups.values()):
            reader.close()

    def settle(self, followers: Sequence[Stage], deadline: float) -> None:
        """Return when each of them, in this order, has passed the ends of its topics, and what rules commanded
        meanwhile was decided too."""
        first = [stage for stage in followers if stage.group == TELEMETRY]  # what it tells goes to ingest
        circle = [stage for stage in followers if stage.group == ENGINE or stage.group.startswith(_LANE)]
        for stage in first:
            self.wait(stage, deadline)
        known = self._asked(self._commanded)
        for _ in range(_ROUNDS):
            for stage in circle:
                self.wait(stage, deadline)
            found = self._asked(self._commanded)
            if found == known:
                break
            known = found
        for stage in followers:
            if stage not in [*first, *circle]:
                self.wait(stage, deadline)

    def wait(self, stage: Stage, deadline: float) -> None:
        """Return when `stage.group` has passed the end its topics had when this was called."""
        ends, began = self._asked(lambda: self._ends(stage.topics)), time.monotonic()
        held: dict[tuple[str, int], int] = {}
        while behind := self._asked(lambda: self._behind(stage.group, ends, held)):
            if (now := time.monotonic()) > deadline:
                where = ", ".join(f"{p.topic}/{p.partition} at {p.offset}" for p in behind[:3])
                raise NotSettled(
                    f"{stage.group} is behind on {where} (end {ends[behind[0].topic, behind[0].partition]}): "
                    "is its program running? see `sharedchain status`"
                )
            time.sleep(min(_PAUSE, (now - began) * _SHARE))  # a short wait stays short, a long one costs nobody much

    def _asked(self, question: Callable[[], T]) -> T:
        """The answer, asked again while the other brokers replace one that was lost. Raises ConnectionFailed when that
        takes too long, and at once when no broker answers."""
        until = time.monotonic() + _LOSS
        while True:
            try:
                return question()
            except ConnectionFailed:
                if time.monotonic() > until or not self._answered():
                    raise
                time.sleep(_PAUSE)

    def _answered(self) -> bool:
        """Whether a broker answers. Its answer also tells both readers who leads now; unasked they keep what they know
        for minutes."""
        try:
            return all(reader.list_topics(timeout=_PROBE).brokers for reader in (self._probe, self._log))
        except KafkaException:
            return False

    def _ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        """The log's ends, a question a broker: one a partition is most of what a settled chain's barrier would cost."""
        try:
            if missing := [t for t in topics if t not in self._partitions]:
                known = self._probe.list_topics(timeout=_ANSWER).topics
                self._partitions |= {t: sorted(known[t].partitions) for t in missing if t in known}
            places = [(t, p) for t in topics for p in self._partitions.get(t, ())]
            found = ends_of(self._log, places, _ANSWER)
        except (KafkaException, TimeoutError) as error:
            raise ConnectionFailed(f"Kafka at {self._endpoints.kafka} does not answer: {error}") from error
        if lost := [f"{t}/{p}" for t, p in places if (t, p) not in found]:
            raise ConnectionFailed(f"Kafka at {self._endpoints.kafka} does not know {', '.join(lost[:3])} now")
        return found

    def _behind(
        self, group: str, ends: dict[tuple[str, int], int], held: dict[tuple[str, int], int]
    ) -> list[TopicPartition]:
        """Partitions where a record lies between the group's committed position and `ends`. `held` keeps the positions
        behind which one was seen: until the group moves, nobody reads there again."""
        busy = [TopicPartition(t, p) for (t, p), end in ends.items() if end > 0]
        try:
            positions = self._group(group).committed(busy, timeout=_ANSWER) if busy else []
        except KafkaException as error:
            if error.args[0].code() != KafkaError._TIMED_OUT:
                raise ConnectionFailed(f"Kafka at {self._endpoints.kafka} does not answer: {error}") from error
            return busy  # a transaction on these positions is still open: not yet
        suspects = [tp for tp in positions if tp.offset < ends[tp.topic, tp.partition]]
        if sure := [tp for tp in suspects if held.get((tp.topic, tp.partition)) == tp.offset]:
            return sure
        seen, unsure = self._with_records(suspects, ends) if suspects else ([], [])
        at = {(tp.topic, tp.partition): tp.offset for tp in suspects}
        held |= {place: at[place] for tp in seen if (place := (tp.topic, tp.partition)) in at}
        return seen + unsure

    def _commanded(self) -> list[int]:
        """The last fact that caused a command, by spine partition, as the engine's positions tell."""
        places = [TopicPartition(SPINE, partition) for partition in range(PARTITIONS)]
        try:
            found = self._group(ENGINE).committed(places, timeout=_ANSWER)
        except KafkaException as error:
            raise ConnectionFailed(f"Kafka at {self._endpoints.kafka} does not answer: {error}") from error
        told = {place.partition: json.loads(place.metadata or "{}") for place in found if place.offset >= 0}
        return [int(told.get(partition, {}).get("commanded", 0)) for partition in range(PARTITIONS)]

    def _group(self, group: str) -> Consumer:
        if group not in self._groups:
            self._groups[group] = quiet_consumer(self._endpoints, group)
        return self._groups[group]

    def _with_records(
        self, places: Iterable[TopicPartition], ends: dict[tuple[str, int], int]
    ) -> tuple[list[TopicPartition], list[TopicPartition]]:
        """Where a record was seen, and where none can be seen yet."""
        start = {
            (tp.topic, tp.partition): TopicPartition(
                tp.topic, tp.partition, tp.offset if tp.offset >= 0 else OFFSET_BEGINNING
            )
            for tp in places
        }
        self._probe.assign(list(start.values()))
        behind: list[TopicPartition] = []
        open_: list[TopicPartition] = []
        until = time.monotonic() + _PROBE
        while start and time.monotonic() < until:
            message = self._probe.poll(0.5)
            if message is None:
                continue
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise ConnectionFailed(f"Kafka at {self._endpoints.kafka}: {error}")
            place = (str(message.topic()), int(message.partition() or 0))
            found = start.pop(place, None)
            seen = int(message.offset() or 0)  # of a record; at the end: the last stable offset
            if found is not None and seen < ends[place]:
                (open_ if error else behind).append(found)  # the end before `ends`: a transaction that is still open
        self._probe.unassign()
        return behind, [*open_, *start.values()]
