"""Real Kafka and registry in homes of their own."""

import signal
import socket
from collections.abc import Callable

import httpx2
import psutil
import pytest
from confluent_kafka.admin import ConfigResource, ResourceType  # type: ignore[attr-defined]

from deploy.local import probe
from deploy.local.stack import Stack
from sharedchain.endpoints import Endpoints

pytestmark = pytest.mark.slow
SCHEMA = '{"type": "record", "name": "Thing", "namespace": "example", "fields": []}'


def subjects(endpoints: Endpoints) -> list[str]:
    return list(httpx2.get(f"{endpoints.registry}/subjects", timeout=10).json())


def test_content_survives_a_restart_without_network(
    fresh_stack: Callable[..., Stack], broker: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also: beside another home, after kill -9, with its port taken by a stranger meanwhile."""
    stack = fresh_stack(parts=("kafka", "registry"))
    first = stack.up()
    assert first.kafka != broker.kafka
    httpx2.post(f"{first.registry}/subjects/a-example.Thing/versions", json={"schema": SCHEMA}, timeout=10)

    stack.restart("registry", signal.SIGKILL)
    stack.restart("kafka", signal.SIGKILL)
    assert "a-example.Thing" in subjects(first)
    stack.down()

    monkeypatch.setenv("SHAREDCHAIN_MAVEN", "http://127.0.0.1:9")  # nobody listens there
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", int(first.kafka.rpartition(":")[2])))
        stranger.listen()
        second = stack.up()
    assert second.kafka != first.kafka
    assert "a-example.Thing" in subjects(second)
    assert "a-example.Thing" not in subjects(broker)


def test_asking_for_a_topic_does_not_make_it(broker: Endpoints) -> None:
    client = probe.client(broker.kafka)
    assert client.list_topics("no.such.topic", timeout=10).topics["no.such.topic"].error
    assert "no.such.topic" not in client.list_topics(timeout=10).topics


def test_the_journal_of_the_registry_has_one_order_and_never_expires(broker: Endpoints) -> None:
    client = probe.client(broker.kafka)
    assert len(client.list_topics(timeout=10).topics["kafkasql-journal"].partitions) == 1
    resource = ConfigResource(ResourceType.TOPIC, "kafkasql-journal")
    settings = client.describe_configs([resource])[resource].result(10)
    assert settings["retention.ms"].value == "-1"
    assert settings["cleanup.policy"].value == "delete"  # not compacted: every message counts


def test_every_socket_is_on_loopback(broker: Endpoints) -> None:
    """Of this process's whole family: the supervisor, its parts, their children."""
    sockets = [
        (process.name(), listening.laddr)
        for process in psutil.Process().children(recursive=True)
        for listening in process.net_connections("inet")
        if listening.status == psutil.CONN_LISTEN
    ]
    assert {int(broker.kafka.rpartition(":")[2])} <= {address.port for _, address in sockets}
    assert [s for s in sockets if s[1].ip not in ("127.0.0.1", "::1", "::ffff:127.0.0.1")] == []
