"""The images of deploy/compose.yaml under the suites that run on the embedded parts: same bodies, other fixtures.

Without a Docker engine every test here is skipped, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import docker
import pytest
from docker.errors import DockerException
from pydantic import SecretStr
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import HttpWaitStrategy, LogMessageWaitStrategy

from sharedchain.endpoints import ClickHouse, Endpoints, Notify
from tests.deploy.clickhouse.conftest import client, database  # noqa: F401  (on our `address`)
from tests.deploy.clickhouse.launch import Address
from tests.deploy.shipped import COMPOSE, DEPLOY
from tests.sinks.rig import free_port
from tests.streams.ingest.conftest import open_door, tenant  # noqa: F401  (on our `own_broker`)

SERVICES: dict[str, Any] = COMPOSE["services"]
PROFILE = DEPLOY / "clickhouse"
PASSWORD = "only-in-this-test"
WHO = ("INTERSERVER", "PREPARE", "SINK", "GATEWAY", "GRAFANA")


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    """One for all containers; where no engine answers, the reason to skip."""
    try:
        docker.from_env().ping()
    except DockerException as error:
        pytest.skip(f"docker is not available: {type(error).__name__}")
    with Network() as made:
        yield made


@pytest.fixture(scope="session")
def own_broker(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Kafka as compose sets it, with a listener for this host; the registry with its content in it."""
    port = free_port()
    told = {name: str(value) for name, value in SERVICES["kafka"]["environment"].items()}
    told["KAFKA_LISTENERS"] += ",HOST://:29092"
    told["KAFKA_ADVERTISED_LISTENERS"] += f",HOST://127.0.0.1:{port}"
    told["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] += ",HOST:PLAINTEXT"
    broker = _container("kafka", network, "kafka", told).with_bind_ports(29092, port)
    registry = _container("registry", network, "registry", SERVICES["registry"]["environment"])
    subjects = "/apis/ccompat/v7/subjects"
    with (
        broker.waiting_for(LogMessageWaitStrategy("Kafka Server started")),
        registry.with_exposed_ports(8080).waiting_for(HttpWaitStrategy(8080, subjects).for_status_code(200)),
    ):
        nobody = SecretStr("nobody")
        found = Endpoints(
            home=tmp_path_factory.mktemp("containers"), kafka=f"127.0.0.1:{port}",
            registry=f"http://127.0.0.1:{registry.get_exposed_port(8080)}/apis/ccompat/v7",
            clickhouse=ClickHouse(url="http://127.0.0.1:1", user="x", password=nobody),
            gateway="http://127.0.0.1:1", notify=Notify(webhook_secret=nobody), link_secret=nobody,
        )  # fmt: skip
        found.save()
        yield found


@pytest.fixture(scope="session")
def server(network: Network) -> Iterator[int]:
    """One ClickHouse server with our users; its HTTP port."""
    with _clickhouse(network, "clickhouse", []) as one:
        yield one.get_exposed_port(8123)


@pytest.fixture(scope="session")
def address(network: Network) -> Iterator[Address]:
    """A server whose user may do anything, for the client's contract."""
    told = {"CLICKHOUSE_USER": "owner", "CLICKHOUSE_PASSWORD": PASSWORD, "CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT": "1"}
    made = _container("clickhouse", network, "bare", told).with_exposed_ports(8123)
    with made.waiting_for(HttpWaitStrategy(8123, "/ping").for_status_code(200)) as one:
        yield Address("127.0.0.1", one.get_exposed_port(8123), "owner", PASSWORD)


@pytest.fixture(scope="session")
def cluster(network: Network) -> Iterator[list[int]]:
    """Three keepers and three replicas by the names and files of the profile; the replicas' HTTP ports."""
    keepers = [_keeper(network, n) for n in range(3)]
    replicas = [_clickhouse(network, f"clickhouse-{n}.clickhouse", ["config.d", "users.d"]) for n in range(3)]
    running: list[DockerContainer] = []
    try:
        for one in [*keepers, *replicas]:
            running.append(one.start())
        yield [one.get_exposed_port(8123) for one in replicas]
    finally:
        for one in reversed(running):
            one.stop()


def at(port: int, user: str, cluster: str | None = None) -> ClickHouse:
    """A ClickHouse of these tests, entered as one of the users of the profile."""
    return ClickHouse(
        url=f"http://127.0.0.1:{port}", user=f"sharedchain_{user}", password=SecretStr(PASSWORD), cluster=cluster
    )


def _container(service: str, network: Network, name: str, env: dict[str, Any]) -> DockerContainer:
    made = DockerContainer(SERVICES[service]["image"]).with_network(network).with_network_aliases(name)
    return made.with_envs(**{key: str(value) for key, value in env.items()})


def _clickhouse(network: Network, name: str, folders: list[str]) -> DockerContainer:
    told = {f"CLICKHOUSE_{who}_PASSWORD": PASSWORD for who in WHO} | {"CLICKHOUSE_SKIP_USER_SETUP": "1"}
    told |= {"SHAREDCHAIN_REPLICA": name.partition(".")[0], "SHAREDCHAIN_REPLICA_HOST": name}
    made = _container("clickhouse", network, name, told).with_exposed_ports(8123)
    for folder in folders or ["users.d"]:
        inside = f"/etc/clickhouse-server/{folder}/sharedchain.xml"
        made = made.with_volume_mapping(PROFILE / folder / "sharedchain.xml", inside)
    return made.waiting_for(HttpWaitStrategy(8123, "/ping").for_status_code(200))


def _keeper(network: Network, number: int) -> DockerContainer:
    image = SERVICES["clickhouse"]["image"].replace("-server", "-keeper")
    made = DockerContainer(image).with_network(network).with_network_aliases(f"keeper-{number}.keeper")
    made = made.with_env("SHAREDCHAIN_KEEPER", str(number + 1))
    return made.with_volume_mapping(PROFILE / "keeper.xml", "/etc/clickhouse-keeper/keeper_config.xml")
