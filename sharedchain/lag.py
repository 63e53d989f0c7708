"""How far a follower is behind, as Kafka tells it: offsets between its committed position and the end of the log.

Numbers alone would not do: commit markers and aborted records have offsets too. So where few offsets are left, one
looks whether a record is among them; if the end comes first, nothing is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.kafka import quiet_admin, quiet_consumer

_FEW = 100  # offsets that may all be markers


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands in one partition; `end` is the next offset that will be written, or where all is read."""

    topic: str
    partition: int
    committed: int
    end: int

    @property
    def lag(self) -> int:
        return max(self.end - self.committed, 0)


class Follower:
    """What Kafka says of one group, each answer within `wait` seconds. May be asked from several threads.

    It is asked as the group itself, not by an admin client: there librdkafka aborts the process when the coordinator is
    lost while it is asked (its issues 3663 and 4605)."""

    def __init__(self, endpoints: Endpoints, group: str, wait: float = 2.0) -> None:
        self.group = group
        self._endpoints, self._wait = endpoints, wait
        self._client = quiet_admin(endpoints, wait)
        # Read uncommitted: a position under an open transaction is told as it was, and is not waited for.
        self._own = quiet_consumer(endpoints, group, isolation_level="read_uncommitted")
        self._probe: Consumer | None = None
        self._lock = threading.Lock()

    def positions(self, reads: Collection[tuple[str, int]] = ()) -> list[Position]:
        """Every partition that the group has committed in, in order; also those that it `reads`, from 0 on where it has
        not. Raises ConnectionFailed."""
        with self._lock:
            try:
                found = self._committed(reads)
                return self._looked([p for p in found if 0 < p.lag <= _FEW], found)
            except (KafkaException, TimeoutError) as error:
                raise ConnectionFailed(
                    f"Kafka at {self._endpoints.kafka} does not tell the positions of {self.group} "
                    f"within {self._wait:g} s: {error}"
                ) from error

    def close(self) -> None:
        self._own.close()
        if self._probe is not None:
            self._probe.close()

    def _committed(self, reads: Collection[tuple[str, int]]) -> list[Position]:
        topics = self._own.list_topics(timeout=self._wait).topics.values()
        places = [TopicPartition(t.topic, p) for t in topics if not t.topic.startswith("__") for p in t.partitions]
        said = self._own.committed(places, timeout=self._wait)
        answered = {(p.topic, p.partition): p.offset for p in said if p.error is None}
        at = {place: max(offset, 0) for place, offset in answered.items() if offset >= 0 or place in reads}
        ends = ends_of(self._client, at, self._wait)
        return [Position(*place, at[place], ends[place]) for place in sorted(at) if place in ends]

    def _looked(self, suspects: list[Position], found: list[Position]) -> list[Position]:
        """Those suspects where the end comes before any record stand at the end."""
        if not suspects:
            return found
        if self._probe is None:
            more = {"enable.partition.eof": True, "fetch.wait.max.ms": 1}
            self._probe = quiet_consumer(self._endpoints, f"{self.group}.lag", **more)
        self._probe.assign([TopicPartition(p.topic, p.partition, p.committed) for p in suspects])
        open_ = {(p.topic, p.partition) for p in suspects}
        done: set[tuple[str, int]] = set()
        until = time.monotonic() + self._wait
        while open_ and time.monotonic() < until:
            if (message := self._probe.poll(0.1)) is None:
                continue
            place = (str(message.topic()), int(message.partition() or 0))
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                break
            if error is not None and place in open_:
                done.add(place)
            open_.discard(place)
        self._probe.unassign()
        return [replace(p, end=p.committed) if (p.topic, p.partition) in done else p for p in found]


def ends_of(client: AdminClient, places: Iterable[tuple[str, int]], wait: float) -> dict[tuple[str, int], int]:
    """The end of each partition that still exists. Raises KafkaException, TimeoutError."""
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    wanted = {TopicPartition(*place): latest for place in places}
    asked: Any = client.list_offsets(wanted, request_timeout=wait) if wanted else {}
    found: dict[tuple[str, int], int] = {}
    for place, answer in asked.items():
        error = answer.exception(wait)
        if error is None:
            found[place.topic, place.partition] = answer.result().offset
        elif error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise error
    return found
