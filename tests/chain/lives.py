"""The stories as the companies of the tests live them: each publishes in its own way, and two stray from theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from deploy.demo.command import DONGCHEN
from deploy.demo.player import Player, Style
from deploy.demo.story import Step, Story, load
from sharedchain.endpoints import Endpoints

SECOND_LIGHT = Path(__file__).parents[1] / "stories" / "second-light.yaml"
STYLES: dict[str, Style] = {
    "once": "once",
    "twice": "twice",
    "other-headers": "other-headers",
    "no-headers": "no-headers",
    "two-producers": "two-producers",
}
MUTANTS = ("wrong-amount", "wrong-date")
TWICE: dict[str, Style] = {"acme": "twice", "nova": "two-producers"}


def first_story() -> Story:
    """From lead to cash, lived by seven companies at once."""
    return for_each(load(DONGCHEN), [*STYLES, *MUTANTS], mutate)


def for_each(story: Story, tenants: list[str], change: Callable[[str, Step], Step]) -> Story:
    """The story lived by `tenants`, each with its own copy of every step."""
    steps = [change(t, step.model_copy(update={"tenant": t})) for step in story.steps for t in tenants]
    return story.as_tenants(tenants).model_copy(update={"steps": tuple(steps)})


def mutate(tenant: str, step: Step) -> Step:
    """One amount, or one date, is not what the expectation says."""
    if tenant == "wrong-amount" and step.publish and step.publish[0].data.get("version") == 1:
        data: dict[str, Any] = yaml.safe_load(yaml.safe_dump(step.publish[0].data))
        data["lines"][0]["amount"] = str(Decimal(data["lines"][0]["amount"]) + 1_000_000)
        return step.model_copy(
            update={"publish": (step.publish[0].model_copy(update={"data": data}), *step.publish[1:])}
        )
    if tenant == "wrong-date" and step.publish and step.publish[0].data.get("version") == 3:
        return step.model_copy(update={"at": step.at + timedelta(days=1)})
    return step


class Struck(Player):
    """Plays a story in which something strikes: `strikes` holds what to do, once, when the records of a step (its
    `ref`) of every company have left for Kafka, before anybody has waited for what comes of them."""

    def __init__(
        self, endpoints: Endpoints, story: Story, styles: dict[str, Style], strikes: Mapping[str, Callable[[], object]]
    ) -> None:
        super().__init__(endpoints, story, styles)
        self._strikes, self._last = dict(strikes), [*story.tenants][-1]

    def _do(self, tenant: str, step: Step, ends: ExitStack) -> None:
        super()._do(tenant, step, ends)
        if tenant == self._last and (strike := self._strikes.pop(step.ref, None)):
            self._publisher.flush()
            self._second.flush()
            strike()
