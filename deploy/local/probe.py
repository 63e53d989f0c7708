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


class Membership:
    """Whether a static member of a consumer group works, in its present life.

    The group keeps a static member for a while after its process is gone; the successor has
    another member id. So: `note` who is there before a start, then ask for somebody `fresh`.
    """

    def __init__(self, address: str, group: str, instance: str) -> None:
        self._address, self._group, self._instance = address, group, instance
        self._old: set[str] = set()

    def note(self) -> None:
        self._old |= self._members()

    def fresh(self) -> bool:
        """Whether one that was not there before has partitions."""
        return bool(self._members() - self._old)

    def _members(self) -> set[str]:
        admin = client(self._address)  # named: the answer is lost when it is collected
        try:
            asked: Any = admin.describe_consumer_groups([self._group], request_timeout=_WAIT)
            found = asked[self._group].result(_WAIT)
        except (KafkaException, TimeoutError):
            return set()
        if found.state is not ConsumerGroupState.STABLE:
            return set()
        ours = (m for m in found.members if m.group_instance_id == self._instance)
        return {m.member_id for m in ours if m.assignment.topic_partitions}


def client(address: str) -> AdminClient:
    """An admin client that keeps silent about a broker that is not there (yet)."""
    return AdminClient({"bootstrap.servers": address, "log_level": 0, "socket.timeout.ms": int(_WAIT * 1000)})
