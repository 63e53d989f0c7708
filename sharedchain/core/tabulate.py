"""Facts into declared tables; what the gauges over those tables make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from sharedchain.core import aggregates, lookup, notice, rowvalues, tables, variables
from sharedchain.core.cel import CelError
from sharedchain.core.desk import Desk
from sharedchain.core.state import Place
from sharedchain.fact import Fact


def take(desk: Desk, fact: Fact) -> bool:
    """Fold one fact into every table that its type feeds; True if a gauge has to be sampled."""
    known = desk.rules.tables.by_type
    return _take(desk, fact, (*known.get(fact.type, ()), *known.get("*", ())))


def take_derived(desk: Desk, fact: Fact) -> bool:
    """The same of what the engine derived: only tables that name its type; `*` is what came from outside."""
    return _take(desk, fact, desk.rules.tables.by_type.get(fact.type, ()))


def _take(desk: Desk, fact: Fact, ready: Iterable[tables.ReadyTable]) -> bool:
    if not ready:
        return False
    seen, moved = variables.of_fact(fact, desk.scope.timezone), False
    for one in ready:
        for touch in tables.touches(desk.scope, one, fact.type, seen, partial(_beside, desk)):
            if isinstance(touch, CelError):
                notice.failed(desk, f"table/{one.table.id}", one.table.owner, touch.text)
                continue
            about, before = (one.table.id, touch.name), _rows(desk, one.table.id, touch.name)
            errors = tables.apply(desk.scope, touch, (fact.partition, fact.seq), desk.now)
            moved |= _move(desk, about, before, (fact.partition, fact.seq))
            moved |= rowvalues.mark(desk.scope, desk.rules.rowed, *about)
            if errors:
                notice.failed(desk, f"table/{one.table.id}", one.table.owner, errors[0])
    return moved


def forget(desk: Desk, at: int) -> None:
    """Drop the rows that nothing has changed for as long as their table keeps them."""
    for id_, name in tables.old(desk.scope, desk.rules.tables, at):
        before = _rows(desk, id_, name)
        tables.forget(desk.scope, id_, name)
        _move(desk, (id_, name), before, None)
        rowvalues.mark(desk.scope, desk.rules.rowed, id_, name)


def age(desk: Desk, at: int) -> None:
    """At local midnight: compute anew what only time has changed."""
    for id_, ready in desk.rules.tables.by_id.items():
        for name in list(desk.scope.tables[id_].rows) if ready.table.daily else ():
            before = _rows(desk, id_, name)
            errors = tables.again(desk.scope, ready, name, at)
            _move(desk, (id_, name), before, None)
            if errors:
                notice.failed(desk, f"table/{id_}", ready.table.owner, errors[0])


def _beside(desk: Desk, ready: tables.ReadyTable, known: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What `with` of a table finds, by name."""
    looks = [(name, ready.table.with_[name]) for name in ready.looks]
    rows = lookup.beside(desk.scope, desk.rules.looks, looks, known)
    return None if rows is None else {name: row.values for name, row in rows.items()}


def _rows(desk: Desk, table: str, name: str) -> aggregates.Rows:
    return aggregates.standing(desk.scope, desk.rules.over, (table, name))


def _move(desk: Desk, about: tuple[str, str], before: aggregates.Rows, place: Place | None) -> bool:
    return aggregates.move(desk.scope, desk.rules.over, before, _rows(desk, *about), place)
