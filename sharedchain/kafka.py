"""Kafka clients with the settings that latency and exactness ask for; every one stands here.

Why these values: docs/decisions and the measurements behind them. `linger` and the fetch backoffs
are what a record waits for; `read_committed` is what makes an aborted step invisible.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConfigError, ConnectionFailed
from sharedchain.schemas import Catalog, Topic
from sharedchain.scope import SPINE

_DAY_MS = 86_400_000
_DLQ_MAX_BYTES = 2 * 1024 * 1024  # a dead letter is the whole record and more headers
_WAIT = 30.0  # seconds for an answer of the brokers

_PRODUCER: dict[str, Any] = {
    "enable.idempotence": True,
    "acks": "all",
    "linger.ms": 0,
    "retry.backoff.ms": 2,  # the default 100 ms is paid by every first transaction on a partition
    "retry.backoff.max.ms": 10,
    "message.max.bytes": _DLQ_MAX_BYTES,
}
_CONSUMER: dict[str, Any] = {
    "isolation.level": "read_committed",
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "allow.auto.create.topics": False,
    "fetch.wait.max.ms": 50,
    "fetch.queue.backoff.ms": 5,  # the default 1 s stalls a reader that was busy for a moment
    "fetch.error.backoff.ms": 50,
}

# Codes that say: a successor of this transactional producer took over.
FENCED_CODES = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH})


def producer(endpoints: Endpoints, **overrides: Any) -> Producer:
    """An idempotent producer; an acknowledged record is on every in-sync replica.

    `overrides`: librdkafka settings, with `_` or `.` between words, here and below.
    """
    return Producer(_conf(endpoints, _PRODUCER, overrides))


def transactional_producer(endpoints: Endpoints, transactional_id: str, **overrides: Any) -> Producer:
    """A producer whose `init_transactions` fences the predecessor of the same id.

    10 s bound a transaction whose owner died and has no successor; it must exceed the longest batch.
    """
    own = {"transactional.id": transactional_id, "transaction.timeout.ms": 10_000}
    return Producer(_conf(endpoints, _PRODUCER | own, overrides))


def fatal_cause(producer: Producer, error: KafkaException) -> KafkaException:
    """What broke a transactional producer for good: `produce` says only «Fatal error», the next call says why."""
    if error.args[0].code() == KafkaError._FATAL:
        try:
            producer.abort_transaction(1.0)
        except KafkaException as told:
            return told
    return error


def consumer(endpoints: Endpoints, group: str, **overrides: Any) -> Consumer:
    """A consumer that sees committed records only and commits only when told."""
    return Consumer(_conf(endpoints, _CONSUMER | {"group.id": group}, overrides))


def quiet_consumer(endpoints: Endpoints, group: str, **overrides: Any) -> Consumer:
    """One for a person's question: a broker that is away is told once, by the exception, not by librdkafka's log."""
    return Consumer(_conf(endpoints, _CONSUMER | {"group.id": group, "log_level": 0}, overrides))


def admin(endpoints: Endpoints) -> AdminClient:
    return AdminClient(_conf(endpoints, {}, {}))


def quiet_admin(endpoints: Endpoints, wait: float) -> AdminClient:
    """One for a person's question or a scrape: silent about brokers that are away, `wait` seconds for each answer."""
    return AdminClient(_conf(endpoints, {"log_level": 0, "socket.timeout.ms": int(wait * 1000)}, {}))


def create_topics(endpoints: Endpoints, catalog: Catalog) -> list[str]:
    """Create the topics that do not exist yet, dead letters too; returns their names.

    Raises ConnectionFailed when the brokers do not answer or refuse.
    """
    return make_topics(endpoints, [n for t in catalog.topics.values() for n in new_topics(t, endpoints.replication)])


def make_topics(endpoints: Endpoints, wanted: Sequence[NewTopic]) -> list[str]:
    """Create those that do not exist yet, each of their partitions led; returns their names.

    Raises ConnectionFailed when the brokers do not answer or refuse.
    """
    created = []
    client = admin(endpoints)  # held by a name: a client that is collected takes its answers along
    for name, done in client.create_topics(list(wanted), request_timeout=_WAIT).items():
        try:
            done.result(_WAIT)
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise ConnectionFailed(f"topic {name} on {endpoints.kafka}: {error.args[0].str()}") from None
    _wait_until_led(client, [new for new in wanted if new.topic in created])
    return created


def require_topics(endpoints: Endpoints, names: Iterable[str]) -> None:
    """See that these topics are there for us: programs make none. Raises ConfigError, ConnectionFailed."""
    try:
        there = admin(endpoints).list_topics(timeout=_WAIT).topics
    except KafkaException as error:
        raise ConnectionFailed(f"Kafka at {endpoints.kafka} does not answer: {error.args[0].str()}") from None
    if missing := sorted(set(names) - there.keys()):
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise ConfigError(
            [
                f"Kafka at {endpoints.kafka} shows {endpoints.program} no topic {', '.join(missing[:3])}{more}: "
                "make them with `python -m deploy.local.prepare`; if they are there, this user lacks the right Describe"
            ]
        )


def _wait_until_led(client: AdminClient, made: list[NewTopic]) -> None:
    """A new topic answers «not leader» for a moment: whoever asks its end must not see that."""
    open_ = [TopicPartition(new.topic, p) for new in made for p in range(new.num_partitions)]
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    until = time.monotonic() + _WAIT
    while open_:
        asked = client.list_offsets(dict.fromkeys(open_, latest), request_timeout=_WAIT)
        open_ = [place for place, answer in asked.items() if answer.exception(_WAIT) is not None]
        if open_ and time.monotonic() > until:
            raise ConnectionFailed(f"{open_[0].topic}/{open_[0].partition} has no leader after {_WAIT:.0f} s")


def new_topics(topic: Topic, replication: int) -> list[NewTopic]:
    """What a topic file asks of Kafka: the topic, and for an ingest topic its dead letters."""
    keep = -1 if topic.retention_days is None else topic.retention_days * _DAY_MS
    config = {"cleanup.policy": topic.cleanup, "retention.ms": str(keep)}
    if topic.cleanup == "compact":
        config = {"cleanup.policy": "compact", "max.message.bytes": str(_DLQ_MAX_BYTES)}
        config["segment.bytes"] = str(64 * 1024 * 1024)  # the open segment is never compacted: keep it small
        if topic.derived:  # a sink that was down for days still finds every update
            config["min.compaction.lag.ms"] = str(7 * _DAY_MS)
    if topic.ingest or topic.telemetry or topic.name == SPINE:
        config["message.timestamp.type"] = "LogAppendTime"  # event time lives in ce_time only
    if replication > 2:
        config["min.insync.replicas"] = "2"
    found = [NewTopic(topic.name, topic.partitions, replication, config=config)]
    if topic.ingest:
        dead = config | {"max.message.bytes": str(_DLQ_MAX_BYTES), "cleanup.policy": "delete"}
        found.append(NewTopic(topic.dlq, 1, replication, config=dead))
    return found


def access(endpoints: Endpoints) -> dict[str, Any]:
    """Where the brokers are and who we are to them, in librdkafka's words. Raises ConfigError without a login."""
    said = endpoints.kafka_access
    found: dict[str, Any] = {"bootstrap.servers": endpoints.kafka}
    if said.security != "PLAINTEXT":
        found["security.protocol"] = said.security
    if said.ca is not None:
        found["ssl.ca.location"] = str(said.ca)
    if said.security.startswith("SASL"):
        login = endpoints.kafka_login()
        found["sasl.mechanism"] = said.mechanism
        found |= {"sasl.username": login.user, "sasl.password": login.password.get_secret_value()}
    return found


def _conf(endpoints: Endpoints, base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    own = {name.replace("_", "."): value for name, value in overrides.items()}
    return {**access(endpoints), "client.id": "sharedchain", **base, **own}
