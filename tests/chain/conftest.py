"""One chain on which the stories are lived, for every module that reads what they left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.demo.player import Player
from deploy.demo.story import Story, load
from sharedchain.endpoints import Endpoints
from tests.chain.lives import SECOND_LIGHT, STYLES, TWICE, Struck, first_story
from tests.chain.siege import Siege


@pytest.fixture(scope="session")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Siege:
    """What the stage goes through while the first story is lived."""
    return Siege(tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="session")
def stage(siege: Siege) -> Iterator[Endpoints]:
    """The chain, with three engine workers."""
    with siege.stack as endpoints:
        yield endpoints


@pytest.fixture(scope="session")
def first(stage: Endpoints, siege: Siege) -> Story:
    """Seven companies live the first story at once, with all its rules: five publish in their own ways, two stray from
    it. Every program is killed meanwhile, the workers twice."""
    story = first_story()
    Struck(stage, story, STYLES, siege.strikes).play()
    siege.look(stage)
    return story


@pytest.fixture(scope="session")
def second(stage: Endpoints) -> Story:
    """Everything of it comes twice, as retries and as two producers tell it."""
    story = load(SECOND_LIGHT)
    Player(stage, story, TWICE).play()
    return story
