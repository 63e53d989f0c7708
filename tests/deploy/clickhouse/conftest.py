"""One embedded server for all of these tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tests.deploy.clickhouse.launch import Address, Launched, launch


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    server = launch(tmp_path_factory.mktemp("clickhouse") / "data")
    yield server
    server.kill()


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> Address:
    """The embedded server, or the one named by SHAREDCHAIN_TEST_CLICKHOUSE=http://user:password@host:port."""
    given = os.environ.get("SHAREDCHAIN_TEST_CLICKHOUSE")
    if given:
        return Address.of(given)
    embedded: Launched = request.getfixturevalue("embedded")
    return embedded.owner


@pytest.fixture(scope="session")
def database(address: Address) -> Iterator[str]:
    name = "contract"
    with address.client() as client:
        client.command(f"DROP DATABASE IF EXISTS {name}")
        client.command(f"CREATE DATABASE {name}")
        yield name
        client.command(f"DROP DATABASE {name}")


@pytest.fixture
def client(address: Address, database: str) -> Iterator[Client]:
    with address.client(database=database) as made:
        yield made
