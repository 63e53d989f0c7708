"""The same facts where they happened, not where they became known: what a query of today's data would see.

Thresholds tuned on this see what nobody could see then. It is here to show the difference, never to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from deploy.backtest import spool
from sharedchain.core.localtime import MINUTE
from sharedchain.fact import Fact


@dataclass
class Lateness:
    """Facts that became known more than a minute after they happened."""

    facts: int = 0
    worst: int = 0  # ms
    by_type: dict[str, int] = field(default_factory=dict)

    def see(self, fact: Fact) -> None:
        late = fact.recorded - fact.time
        if fact.kind == "fact" and not fact.backfill and late > MINUTE:
            self.facts, self.worst = self.facts + 1, max(self.worst, late)
            self.by_type[fact.type] = self.by_type.get(fact.type, 0) + 1


def moved(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Each fact with `recorded` = when it happened; without ticks, which told the time of the log.

    Config first told stands from the beginning; refusals and what time itself brought stay where they were.
    """
    known: set[tuple[int, str, str]] = set()
    for fact in facts:
        match fact.kind:
            case "fact":
                yield replace(fact, recorded=min(fact.time, fact.recorded))
            case "refusal":
                yield fact
            case "config":
                key = (fact.partition, fact.data["kind"], fact.data["name"])
                yield fact if key in known else replace(fact, recorded=0)
                known.add(key)


def rearranged(facts: Iterable[Fact], folder: Path) -> Iterator[Fact]:
    """The facts in the order in which they happened, partition by partition; sorted on disk, in `folder`."""
    yield from spool.ordered(moved(facts), lambda fact: (fact.partition, fact.recorded), folder)
