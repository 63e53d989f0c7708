"""Where a lane reads: every partition of every domain topic, from its own committed offsets.

The consumer only `assign`s: the group `chain.ingest.lane<k>` never has members, its offsets travel
in the lane's transactions.
"""

from __future__ import annotations

from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from sharedchain.barrier import lane_group
from sharedchain.endpoints import Endpoints
from sharedchain.kafka import consumer
from streams.ingest import config
from streams.ingest.record import Record
from streams.ingest.ticks import Backlog, Place

_SETTINGS = {"enable.partition.eof": True, "queued.min.messages": 20_000, "queued.max.messages.kbytes": 32_768}


class Reader:
    """Reads `chain.config.v1` to its end first; `open_doors` lets the other topics in."""

    def __init__(self, endpoints: Endpoints, lane: int, topics: tuple[str, ...]) -> None:
        self._consumer: Consumer = consumer(endpoints, lane_group(lane), **_SETTINGS)
        known = self._consumer.list_topics(timeout=30).topics
        places: list[Place] = [(t, int(p)) for t in topics for p in sorted(known[t].partitions)]
        found = self._consumer.committed([TopicPartition(t, p) for t, p in places], timeout=30)
        self.committed = {(tp.topic, tp.partition): tp.offset for tp in found if tp.offset >= 0}
        self.backlog = Backlog(places)
        self.ends: dict[Place, int] = {}
        self.doors_open = False
        self.reads = frozenset(place for place in places if place[0] == config.TOPIC)  # replaced, never changed
        self._closed = [place for place in places if place[0] != config.TOPIC]
        self._consumer.assign([self._start(place) for place in places if place[0] == config.TOPIC])

    @property
    def config_read(self) -> bool:
        """Whether the end of the configuration was reached."""
        return any(topic == config.TOPIC for topic, _ in self.ends)

    def open_doors(self, stopped: set[Place]) -> None:
        """Read all other topics too, but for the partitions that stay stopped."""
        self._consumer.incremental_assign([self._start(p) for p in self._closed if p not in stopped])
        for place in stopped:
            self.backlog.end(place)
        self.reads |= frozenset(self._closed) - stopped
        self.doors_open = True

    def read(self, limit: int, wait: float) -> list[Record]:
        """What has come, at most `limit`; waits up to `wait` seconds for a first one."""
        first = self._consumer.poll(wait)
        if first is None:
            return []
        rest = self._consumer.consume(limit - 1, 0)  # consume(n, t) would wait the whole t
        return [record for message in (first, *rest) if (record := self._take(message))]

    def stop(self, place: Place) -> None:
        """Read no more of a poisoned partition."""
        self._consumer.incremental_unassign([TopicPartition(*place)])
        self.reads -= {place}
        self.backlog.end(place)
        self.ends.pop(place, None)

    def group(self) -> object:
        """What `send_offsets_to_transaction` wants to know of us."""
        return self._consumer.consumer_group_metadata()

    def close(self) -> None:
        self._consumer.close()

    def _start(self, place: Place) -> TopicPartition:
        return TopicPartition(*place, self.committed.get(place, OFFSET_BEGINNING))

    def _take(self, message: Message) -> Record | None:
        place = (str(message.topic()), int(message.partition() or 0))
        offset = int(message.offset() or 0)
        if error := message.error():
            if error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            self.ends[place] = offset
            self.backlog.end(place)
            return None
        timestamp = int(message.timestamp()[1])
        self.backlog.record(place, timestamp)
        said: Any = message.headers() or ()
        headers = tuple([(n, v.encode() if isinstance(v, str) else v) for n, v in said])  # a list is half the price
        return Record(*place, offset, _bytes(message.key()), _bytes(message.value()), headers, timestamp)


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
