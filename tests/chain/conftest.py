"""One chain on which the stories are lived, for every module that reads what they left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.demo.player import Player
from deploy.demo.story import Story, load
from deploy.local.stack import Stack
from sharedchain.endpoints import Endpoints
from tests.chain.lives import SECOND_LIGHT, STYLES, TWICE, first_story


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """The chain, with two engine workers."""
    with Stack(tmp_path_factory.mktemp("stage") / "home", engines=2) as endpoints:
        yield endpoints


@pytest.fixture(scope="session")
def first(stage: Endpoints) -> Story:
    """Seven companies live the first story at once: five publish in their own ways, two stray from it."""
    story = first_story()
    Player(stage, story, STYLES).play()
    return story


@pytest.fixture(scope="session")
def second(stage: Endpoints) -> Story:
    """Everything of it comes twice, as retries and as two producers tell it."""
    story = load(SECOND_LIGHT)
    Player(stage, story, TWICE).play()
    return story
