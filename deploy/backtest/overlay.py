"""Other rules on the same log: config items that stand instead of those that the log holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from sharedchain.config import ConfigItem, item
from sharedchain.core.rule import Rule
from sharedchain.core.settings import DEFAULT
from sharedchain.fact import INGEST, Fact
from sharedchain.scope import SYSTEM

PACK = "_backtest"  # the pack that switches a candidate's own rules on, for every tenant


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is tried. The log's items of the same kind and name count for nothing, and of the kinds in `whole` none.

    `on`: rules that are switched on for every tenant, whatever its packs say. Empty = the log as it is.
    """

    name: str
    items: tuple[ConfigItem, ...] = ()
    whole: frozenset[str] = frozenset()
    on: tuple[str, ...] = ()

    @property
    def rules(self) -> dict[str, Rule]:
        """The rules among its items, by id."""
        bodies = (json.loads(one.body, parse_float=Decimal) for one in self.items if one.kind == "rule")
        return {rule.id: rule for rule in map(Rule.model_validate, bodies)}


class Overlay:
    """The facts of one spine partition as `candidate` would have met them: its items first, the log's not at all."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate
        self._own = {(one.kind, one.name) for one in candidate.items}
        self._begun = False

    def of(self, fact: Fact) -> Iterator[Fact]:
        """What stands in the place of one fact of the log, in order."""
        if not self._begun:
            self._begun = True
            yield from (_config(one, fact) for one in self._first())
        if fact.kind != "config":
            yield fact
        elif (told := self._told(fact)) is not None:
            yield told

    def _first(self) -> Iterable[ConfigItem]:
        yield from (self._switched(one) for one in self._candidate.items)
        if on := self._candidate.on:
            yield item("pack", PACK, {"id": PACK, "rules": list(on)})
            if ("pack", "default") not in self._own:  # tenants of whom the log says nothing have this one
                yield self._switched(item("pack", "default", {"id": "default", "rules": []}))

    def _told(self, fact: Fact) -> Fact | None:
        kind, name = fact.data["kind"], fact.data["name"]
        if kind in self._candidate.whole or (kind, name) in self._own:
            return None
        if fact.data.get("body") in (None, "", "null"):  # withdrawn
            return fact
        told = ConfigItem(kind, name, fact.data["hash"], fact.data["body"])
        mine = self._switched(told)
        return fact if mine is told else _config(mine, fact)

    def _switched(self, one: ConfigItem) -> ConfigItem:
        """A tenant with the pack of the candidate beside its own; the default pack with its rules."""
        if not self._candidate.on:
            return one
        if one.kind == "tenant":
            body = json.loads(one.body)
            return item("tenant", one.name, body | {"packs": [*body.get("packs", DEFAULT.packs), PACK]})
        if (one.kind, one.name) == ("pack", "default"):
            body = json.loads(one.body)
            return item("pack", "default", body | {"rules": [*body["rules"], *self._candidate.on]})
        return one


def _config(one: ConfigItem, place: Fact) -> Fact:
    """The item as a fact at the place of another: ids of alerts do not depend on it."""
    return replace(
        place, kind="config", scope=SYSTEM, tenant=SYSTEM, type="config.defined", source=INGEST, data=one.said,
        id=f"{one.kind}/{one.name}/{one.hash}", subject=f"{one.kind}/{one.name}", time=place.recorded, backfill=False,
    )  # fmt: skip
