"""One chain for the bench, gone when its tests are; its peers run in our own environment, which has Faust."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from bench.chain import Chain


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    made = Chain(tmp_path_factory.mktemp("bench"), python=lambda _: sys.executable)
    yield made
    made.close()
