"""Facts into declared tables; what the gauges over those tables make of it."""

from __future__ import annotations

from sharedchain.core import aggregates, notice, tables, variables
from sharedchain.core.desk import Desk
from sharedchain.core.state import Place
from sharedchain.fact import Fact


def take(desk: Desk, fact: Fact) -> bool:
    """Fold one fact into every table that its type feeds; True if a gauge has to be sampled."""
    known = desk.rules.tables.by_type
    ready = (*known.get(fact.type, ()), *known.get("*", ()))
    if not ready:
        return False
    seen, moved = variables.of_fact(fact, desk.scope.timezone), False
    for one in ready:
        for touch in tables.touches(desk.scope, one, fact.type, seen):
            about, before = (one.table.id, touch.name), _shares(desk, one.table.id, touch.name)
            errors = tables.apply(desk.scope, touch, (fact.partition, fact.seq), desk.now)
            moved |= _move(desk, about, before, (fact.partition, fact.seq))
            if errors:
                notice.failed(desk, f"table/{one.table.id}", one.table.owner, errors[0])
    return moved


def forget(desk: Desk, at: int) -> None:
    """Drop the rows that nothing has changed for as long as their table keeps them."""
    for id_, name in tables.old(desk.scope, desk.rules.tables, at):
        before = _shares(desk, id_, name)
        tables.forget(desk.scope, id_, name)
        _move(desk, (id_, name), before, None)


def _shares(desk: Desk, table: str, name: str) -> aggregates.Shares:
    return aggregates.shares(desk.scope, desk.rules.over, (table, name))


def _move(desk: Desk, about: tuple[str, str], before: aggregates.Shares, place: Place | None) -> bool:
    return aggregates.move(desk.scope, desk.rules.over, before, _shares(desk, *about), place)
