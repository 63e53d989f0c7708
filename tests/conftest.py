"""Fixtures that start the real thing, on ports and in folders of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.kafka import BRIEF, JVM
from deploy.local.plan import ALL, TELEMETRY
from deploy.local.stack import Stack
from sharedchain.endpoints import Endpoints
from tests import depth  # noqa: F401  (registers the profile that `make test` asks for)
from tests.census import pytest_addoption, pytest_configure, used  # noqa: F401  (the hooks work by being here)

pytest_plugins = ("pytester",)
os.environ.setdefault(JVM, BRIEF)  # of every broker that is started here


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Kafka and the registry only."""
    stack = Stack(tmp_path_factory.mktemp("broker") / "home", parts=("kafka", "registry"))
    try:
        yield stack.up()
    finally:
        stack.down()


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Kafka and the registry for one module alone: a lane reads every domain topic from its beginning,
    so what other modules published there would be its business too."""
    stack = Stack(tmp_path_factory.mktemp("own-broker") / "home", parts=("kafka", "registry"))
    try:
        yield stack.up()
    finally:
        stack.down()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """The whole chain, with what reads telemetry."""
    chain = Stack(tmp_path_factory.mktemp("stack") / "home", parts=(*ALL, *TELEMETRY))
    try:
        yield chain.up()
    finally:
        chain.down()


@pytest.fixture
def fresh_stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """A factory: fresh_stack(parts=…, engines=2, …) gives a Stack (not yet up) that is taken down afterwards."""
    made: list[Stack] = []

    def make(name: str = "home", **options: Any) -> Stack:
        made.append(Stack(tmp_path / name, **options))
        used(request, made[-1].plan.parts)
        return made[-1]

    yield make
    for one in reversed(made):
        one.down()
