"""Partitions that lack replicas, as the brokers tell: asked by the doctor and at each scrape of ingest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.kafka import new_topics, quiet_admin
from sharedchain.schemas import Catalog

_LEAST = "min.insync.replicas"


@dataclass(frozen=True, slots=True)
class Short:
    """A partition with fewer replicas in sync than `want`; below `least` Kafka refuses every write to it."""

    topic: str
    partition: int
    isr: int
    want: int
    least: int = 1

    @property
    def refuses(self) -> bool:
        return self.isr < self.least


def short(ours: Iterable[str], there: Mapping[str, Any], replication: int) -> list[Short]:
    """Partitions of our topics in `there` (metadata by topic) with fewer in sync than they have, or than this chain
    asks for."""
    return [
        Short(name, number, len(partition.isrs), want)
        for name in ours
        if name in there
        for number, partition in sorted(there[name].partitions.items())
        if len(partition.isrs) < (want := max(len(partition.replicas), replication))
    ]


def asked(endpoints: Endpoints, catalog: Catalog, wait: float) -> Callable[[], list[Short]]:
    """Asks the brokers anew at each call, `wait` seconds an answer. It raises ConnectionFailed when they are silent."""
    client = quiet_admin(endpoints, wait)
    ours = [new.topic for topic in catalog.topics.values() for new in new_topics(topic, endpoints.replication)]

    def ask() -> list[Short]:
        try:
            found = short(ours, client.list_topics(timeout=wait).topics, endpoints.replication)
            return judged(client, found, wait)
        except (KafkaException, TimeoutError) as error:
            raise ConnectionFailed(f"Kafka at {endpoints.kafka} does not tell its topics: {error}") from error

    return ask


def judged(client: AdminClient, found: list[Short], wait: float) -> list[Short]:
    """With the `least` that the settings of each topic say; 1 where we may not read them. Raises TimeoutError."""
    wanted = [ConfigResource(ResourceType.TOPIC, name) for name in sorted({one.topic for one in found})]
    answers: dict[Any, Any] = client.describe_configs(wanted, request_timeout=wait) if wanted else {}
    least: dict[str, int] = {}
    for resource, answer in answers.items():
        if answer.exception(wait) is None:
            least[resource.name] = int(answer.result()[_LEAST].value)
    return [replace(one, least=least.get(one.topic, 1)) for one in found]
