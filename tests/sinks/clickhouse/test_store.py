"""The promises of tests/containers on the embedded server: the body that a real server is held to is proven here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from sharedchain.endpoints import ClickHouse
from tests.census import used
from tests.containers.promises import exactly_once, migrations_once
from tests.deploy.clickhouse.launch import Address, launch

pytestmark = pytest.mark.slow


@pytest.fixture
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[ClickHouse, ClickHouse]]:
    """The embedded server as its owner, and as who may only read."""
    used(request, {"clickhouse"})
    server = launch(tmp_path / "data")
    try:
        yield entered(server.owner), entered(server.reader)
    finally:
        server.kill()


def entered(by: Address) -> ClickHouse:
    return ClickHouse(url=f"http://{by.host}:{by.port}", user=by.user, password=SecretStr(by.password))


def test_migrations_run_once_and_a_batch_counts_once(places: tuple[ClickHouse, ClickHouse]) -> None:
    owner, reader = places
    migrations_once(owner, reader)
    exactly_once(owner, owner, reader)
