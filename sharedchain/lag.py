"""How far a follower is behind: its committed positions against the ends of the log, as Kafka tells both.

Offsets, not records: commit markers count. A follower that has read everything commits the clean end, so 0 is reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands in one partition; `end` is the next offset that will be written."""

    topic: str
    partition: int
    committed: int
    end: int

    @property
    def lag(self) -> int:
        return max(self.end - self.committed, 0)


def asker(endpoints: Endpoints, wait: float) -> AdminClient:
    """A client that asks for positions, silent about brokers that are away."""
    return AdminClient(
        {
            "bootstrap.servers": endpoints.kafka,
            "client.id": "sharedchain",
            "log_level": 0,
            "socket.timeout.ms": int(wait * 1000),
        }
    )


def positions(client: AdminClient, group: str, wait: float = 2.0) -> list[Position]:
    """Every partition that `group` has committed in, in order; raises ConnectionFailed after `wait` seconds."""
    try:
        asked: Any = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=wait)
        found = [p for p in asked[group].result(wait).topic_partitions if p.error is None and p.offset >= 0]
        if not found:
            return []
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        ends: Any = client.list_offsets(
            {TopicPartition(p.topic, p.partition): latest for p in found}, request_timeout=wait
        )
        at = {(p.topic, p.partition): answer.result(wait).offset for p, answer in ends.items()}
    except (KafkaException, TimeoutError) as error:
        raise ConnectionFailed(f"Kafka does not tell the positions of {group} within {wait:g} s: {error}") from error
    held = (Position(p.topic, p.partition, p.offset, at[p.topic, p.partition]) for p in found)
    return sorted(held, key=lambda one: (one.topic, one.partition))
