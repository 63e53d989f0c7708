"""A door to a real broker for the tests of the running lane."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sharedchain.endpoints import Endpoints
from tests.chain.door import Door


@pytest.fixture
def door(own_broker: Endpoints, tmp_path: Path) -> Iterator[Door]:
    """Configured, no lane runs yet; every lane started through it ends with the test."""
    found = Door(own_broker, tmp_path)
    found.configure()
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def open_door(own_broker: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A door with one lane running for all tests of a module: tell them apart by tenant."""
    found = Door(own_broker, tmp_path_factory.mktemp("ingest"))
    found.configure()
    found.start()
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def tenant() -> str:
    """A tenant nobody else uses."""
    return f"t-{uuid.uuid4().hex[:12]}"
