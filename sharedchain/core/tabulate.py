"""Facts into declared tables; what the gauges over those tables make of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sharedchain.core import aggregates, notice, rowvalues, tables, variables
from sharedchain.core.desk import Desk
from sharedchain.core.paths import text_at
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
        for touch in tables.touches(desk.scope, one, fact.type, seen, partial(_beside, desk)):
            about, before = (one.table.id, touch.name), _shares(desk, one.table.id, touch.name)
            errors = tables.apply(desk.scope, touch, (fact.partition, fact.seq), desk.now)
            moved |= _move(desk, about, before, (fact.partition, fact.seq))
            moved |= rowvalues.mark(desk.scope, desk.rules.rowed, *about)
            if errors:
                notice.failed(desk, f"table/{one.table.id}", one.table.owner, errors[0])
    return moved


def forget(desk: Desk, at: int) -> None:
    """Drop the rows that nothing has changed for as long as their table keeps them."""
    for id_, name in tables.old(desk.scope, desk.rules.tables, at):
        before = _shares(desk, id_, name)
        tables.forget(desk.scope, id_, name)
        _move(desk, (id_, name), before, None)
        rowvalues.mark(desk.scope, desk.rules.rowed, id_, name)


def age(desk: Desk, at: int) -> None:
    """At local midnight: compute anew what only time has changed."""
    for id_, ready in desk.rules.tables.by_id.items():
        for name in list(desk.scope.tables[id_].rows) if ready.table.daily else ():
            before = _shares(desk, id_, name)
            errors = tables.again(desk.scope, ready, name, at)
            _move(desk, (id_, name), before, None)
            if errors:
                notice.failed(desk, f"table/{id_}", ready.table.owner, errors[0])


def _beside(desk: Desk, ready: tables.ReadyTable, known: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What `with` of a table finds, by name."""
    found: dict[str, Any] = {}
    for name in ready.looks:
        look = ready.table.with_[name]
        table, ids = desk.rules.looks[look.entity], [text_at({**known, **found}, path) for path in look.id]
        row = table.find(desk.scope, *ids) if all(ids) else None
        if row is None and not look.optional:
            return None
        found[name] = (row or table.empty()).values
    return found


def _shares(desk: Desk, table: str, name: str) -> aggregates.Shares:
    return aggregates.shares(desk.scope, desk.rules.over, (table, name))


def _move(desk: Desk, about: tuple[str, str], before: aggregates.Shares, place: Place | None) -> bool:
    return aggregates.move(desk.scope, desk.rules.over, before, _shares(desk, *about), place)
