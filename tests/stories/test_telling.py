"""The story in the pure fold, in every variant of mission D.6 that needs no second worker: the same rows."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.demo.command import DONGCHEN
from deploy.demo.compare import Difference, compare
from deploy.demo.story import load
from tests.stories.telling import Telling

VARIANTS: dict[str, dict[str, Any]] = {
    "sparse": {},
    "twice": {"style": "twice"},
    "restarted": {"restart": 211},
    "shuffled": {"shuffle": 1},
    "all-at-once": {"shuffle": 2, "style": "twice", "restart": 200},
}


def differing(telling: Telling) -> list[Difference]:
    expect, verdicts = telling.story.expect, []
    for section, rows in telling.tell().rows().items():
        wanted = [{k: v for k, v in row.items() if k != "label"} for row in expect[section]]
        series = {(row["metric"], row["dims"]) for row in wanted} if section == "measures" else set()
        found = [row for row in rows if not series or (row["metric"], row["dims"]) in series]
        assert len(wanted) > 4
        verdicts.append(compare(section, wanted, found))
    return [v for v in verdicts if not v.equal]


@pytest.mark.parametrize("variant", [pytest.param("sparse", marks=pytest.mark.slow), "all-at-once"])
def test_the_story_is_what_the_mission_says(variant: str) -> None:
    assert differing(Telling(load(DONGCHEN), **VARIANTS[variant])) == []


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_ticked_every_minute(variant: str) -> None:
    assert differing(Telling(load(DONGCHEN), dense=True, **VARIANTS[variant])) == []
