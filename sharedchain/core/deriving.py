"""Derivations over facts: what follows from an event without an alert, and what follows from that in turn.

What the engine itself derives, beside alerts or by derivations, goes the way of any fact: into the tables whose file
names its type, then before the derivations that look at it. What it commands comes back through ingest. Backfill
derives nothing: history that is imported says itself what followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sharedchain.core import acting, judge, notice, tabulate
from sharedchain.core.cel import CelError
from sharedchain.core.desk import Desk
from sharedchain.core.prepared import ReadyDerivation
from sharedchain.core.view import variables_of, views
from sharedchain.fact import Fact


def on_fact(desk: Desk, fact: Fact) -> bool:
    """Derive from a fact that rules have judged, and from all said of it; True if a gauge has to be sampled."""
    _derive(desk, fact)
    return follow(desk, fact)


def follow(desk: Desk, cause: Fact) -> bool:
    """Derive from what was said of `cause`, in the order in which it was said, until nothing new is said."""
    said, moved, at = desk.out.said, False, 0
    while at < len(said):
        event = said[at]
        at += 1
        if event.scope == desk.name and _looked_at(desk, event.type):
            fact = judge.as_fact(event, cause)
            behind = replace(desk, out=desk.out.behind(event), silent=event.backfill)
            moved |= tabulate.take_derived(behind, fact)
            _derive(behind, fact)
    return moved


def _looked_at(desk: Desk, type_: str) -> bool:
    known = type_ in desk.enabled.derive or type_ in desk.rules.tables.by_type
    return known and type_ not in desk.rules.commanded


def _derive(desk: Desk, fact: Fact) -> None:
    looking = desk.enabled.derive.get(fact.type)
    if not looking:
        return
    variables = variables_of(fact, desk.settings.timezone)
    for one in looking:
        if not fact.backfill or one.columns:
            notice.guarded(desk, one.rule, _one, desk, one, variables, fact)


def _one(desk: Desk, one: ReadyDerivation, variables: Mapping[str, Any], fact: Fact) -> bool:
    """Whether the derivation could be judged; what it remembers is updated on the way."""
    clean = True
    for view in views(desk, one, fact, variables):
        if fact.backfill:
            continue
        found = CelError(view.error) if view.error else one.when.hold(view.variables)
        if isinstance(found, CelError):
            notice.erred(desk, one.rule, found.text)
            clean = False
        elif found:
            acting.derive(desk, one.rule, one.actions, view)
    return clean
