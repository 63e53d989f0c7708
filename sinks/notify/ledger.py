"""What was told already: the outcomes on `ops.notification.v1`, read again at every start and assignment.

Between a send and its record lies the one gap: a process killed there sends once more, with the same id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition

from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed, Refused
from sharedchain.fact import Derived
from sharedchain.kafka import consumer
from sharedchain.spine import read_derived_from

TOPIC = "ops.notification.v1"
_ANSWER = 10.0  # seconds


@dataclass(slots=True)
class Ledger:
    """`recorded`: ids of outcomes. `lit`: alert → rule of the lamps that are on."""

    recorded: set[str] = field(default_factory=set)
    lit: dict[str, str] = field(default_factory=dict)

    def note(self, outcome: Derived) -> None:
        """Take in one record; taking it in again changes nothing that a later one said."""
        if outcome.id in self.recorded:
            return
        self.recorded.add(outcome.id)
        if outcome.type == "light.changed":
            data = outcome.data
            if data["state"] == "ON":
                self.lit[data["alert_id"]] = data["rule_id"]
            else:
                self.lit.pop(data["alert_id"], None)


class LedgerReader:
    """Reads what was recorded since it was last asked, by whomever."""

    def __init__(self, endpoints: Endpoints, codec: Codec) -> None:
        self._codec = codec
        self._kafka = endpoints.kafka
        self._reader = consumer(endpoints, "chain.sink.notify.ledger", enable_partition_eof=True, fetch_wait_max_ms=1)
        self._next: dict[int, int] = {}

    def unread(self) -> Iterator[Derived]:
        """Every outcome up to the topic's present end. Raises ConnectionFailed."""
        try:
            known = self._reader.list_topics(TOPIC, timeout=_ANSWER).topics[TOPIC].partitions
            places = [TopicPartition(TOPIC, p, self._next.get(p, OFFSET_BEGINNING)) for p in known]
            self._reader.assign(places)
            yield from self._until_the_end(set(known))
            self._reader.unassign()
        except KafkaException as error:
            raise ConnectionFailed(f"Kafka at {self._kafka}: {TOPIC} cannot be read: {error}") from error

    def _until_the_end(self, unfinished: set[int]) -> Iterator[Derived]:
        while unfinished:
            message = self._reader.poll(_ANSWER)
            if message is None:
                raise ConnectionFailed(f"Kafka at {self._kafka}: {TOPIC} does not come to an end")
            partition, offset = message.partition() or 0, message.offset() or 0
            if error := message.error():
                if error.code() != KafkaError._PARTITION_EOF:
                    raise ConnectionFailed(f"Kafka at {self._kafka}: {error}")
                unfinished.discard(partition)
                continue
            self._next[partition] = offset + 1
            value = message.value()
            try:
                yield read_derived_from(self._codec, headers=_headers(message.headers()), value=_bytes(value))
            except Refused:
                continue  # not ours: the ClickHouse sink keeps it as a dead letter


def _headers(said: object) -> list[tuple[str, bytes]]:
    return said if isinstance(said, list) else []


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
