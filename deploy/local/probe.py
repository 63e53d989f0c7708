"""Seeing from outside whether a part does its work. Each answers at once and never raises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.part import listens
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConfigError
from sharedchain.kafka import access
from sharedchain.tls import trust

_WAIT = 2.0  # seconds for one answer
_REFUSED = {
    KafkaError._AUTHENTICATION: "user or password are not right there, or the mechanism is another",
    KafkaError._SSL: "the encrypted connection fails: is `ca` the authority of its certificates, and the name theirs?",
}


def kafka(port: int) -> bool:
    """Whether the broker on this port tells its cluster (an open port alone comes too early)."""
    if not listens(port):
        return False
    try:
        return bool(client(f"127.0.0.1:{port}").list_topics(timeout=_WAIT).brokers)
    except KafkaException:
        return False


def cluster(endpoints: Endpoints) -> bool:
    """Whether the brokers of these endpoints let us in. Raises ConfigError when they, or we, refuse the other."""
    refused: list[KafkaError] = []
    settings: dict[str, Any] = {**_quiet(endpoints), "error_cb": refused.append}
    client = AdminClient(settings)
    try:
        return bool(client.list_topics(timeout=_WAIT).brokers)
    except KafkaException:
        client.poll(0)  # only now does it tell what it met
        for error in refused:
            if why := _REFUSED.get(error.code()):
                raise ConfigError([f"Kafka {endpoints.kafka}: {why} ({error.str()})"]) from None
        return False


def http(url: str, ca: Path | None = None) -> bool:
    """Whether this address answers 200. Raises ConfigError when `ca` cannot be read."""
    more: dict[str, Any] = {"verify": trust(ca)} if ca else {}
    try:
        return bool(httpx2.get(url, timeout=_WAIT, **more).status_code == 200)
    except httpx2.HTTPError:
        return False


def _quiet(endpoints: Endpoints) -> dict[str, Any]:
    """Settings of a client that is patient for `_WAIT`, and silent about a broker that is not there (yet)."""
    return {
        **access(endpoints),
        "log_level": 0,
        "socket.timeout.ms": int(_WAIT * 1000),
        "reconnect.backoff.max.ms": 500,
    }


def client(address: str) -> AdminClient:
    """An admin client that keeps silent about a broker that is not there (yet)."""
    return AdminClient({"bootstrap.servers": address, "log_level": 0, "socket.timeout.ms": int(_WAIT * 1000)})
