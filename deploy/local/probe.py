"""Seeing from outside whether a part does its work. Each answers at once and never raises."""

from __future__ import annotations

from typing import Any

import httpx2
from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.part import listens

_WAIT = 2.0  # seconds for one answer


def kafka(port: int) -> bool:
    """Whether the broker on this port tells its cluster (an open port alone comes too early)."""
    if not listens(port):
        return False
    try:
        return bool(client(f"127.0.0.1:{port}").list_topics(timeout=_WAIT).brokers)
    except KafkaException:
        return False


def http(url: str) -> bool:
    """Whether this address answers 200."""
    try:
        return bool(httpx2.get(url, timeout=_WAIT).status_code == 200)
    except httpx2.HTTPError:
        return False


def member(address: str, group: str, instance: str | None = None) -> bool:
    """Whether the consumer group works (its partitions are dealt out) with this static member, or with any."""
    admin = client(address)  # named: the answer is lost when it is collected
    try:
        asked: Any = admin.describe_consumer_groups([group], request_timeout=_WAIT)
        found = asked[group].result(_WAIT)
    except (KafkaException, TimeoutError):
        return False
    members = [m for m in found.members if instance is None or m.group_instance_id == instance]
    return found.state is ConsumerGroupState.STABLE and any(m.assignment.topic_partitions for m in members)


def client(address: str) -> AdminClient:
    """An admin client that keeps silent about a broker that is not there (yet)."""
    return AdminClient({"bootstrap.servers": address, "log_level": 0, "socket.timeout.ms": int(_WAIT * 1000)})
