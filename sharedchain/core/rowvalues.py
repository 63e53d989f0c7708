"""One value for each row of a declared table: computed when the row moves, and at midnight when it ages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sharedchain.core import tables, wire
from sharedchain.core.cel import CelError, Expression, compile_expression
from sharedchain.core.functions import FUNCTIONS
from sharedchain.core.measures import Measure, matches
from sharedchain.core.paths import walk
from sharedchain.core.reducers import Reading
from sharedchain.core.state import Place, ScopeState

_EXACT = 9  # digits that a named function is given


@dataclass(frozen=True, slots=True)
class ReadyRow:
    measure: Measure
    expression: Expression
    table: tables.ReadyTable


@dataclass(frozen=True, slots=True)
class Rowed:
    """The measures with a value for each row, and the tables whose rows have to be looked at when they move."""

    by_id: Mapping[str, ReadyRow] = field(default_factory=dict)
    moving: frozenset[str] = frozenset()
    hash: str = ""  # changes when one of them does


NO_ROWS = Rowed()


def prepare(measure: Measure, declared: tables.Declared) -> ReadyRow:
    """Compile its value. Raises ValueError; the table is known to be there."""
    assert measure.row is not None
    return ReadyRow(measure, compile_expression(measure.row.value, ("row", "age")), declared.by_id[measure.row.table])


def declare(ready: Iterable[ReadyRow]) -> Rowed:
    found = {one.measure.id: one for one in ready}
    moving = frozenset(one.table.table.id for one in found.values() if one.measure.sample != "daily")
    said = "\0".join(one.measure.model_dump_json() for one in found.values())
    return Rowed(found, moving, hashlib.blake2b(said.encode(), digest_size=8).hexdigest() if found else "")


def adopt(scope: ScopeState, rowed: Rowed) -> bool:
    """When other values are asked for, every row has to be looked at; True if there is one."""
    if scope.rows_of == rowed.hash:
        return False
    scope.rows_of = rowed.hash
    for table in sorted(rowed.moving):
        if scope.tables[table].rows:
            scope.dirty_rows[table] = dict.fromkeys(scope.tables[table].rows)
    return bool(scope.dirty_rows)


def due(scope: ScopeState, ready: ReadyRow, *, daily: bool) -> list[str]:
    """Names of the rows to read: those that moved; at midnight all of them, if the measure is sampled then."""
    table = ready.table.table.id
    found = dict.fromkeys(scope.dirty_rows.get(table, ()) if ready.measure.sample != "daily" else ())
    if daily and ready.measure.sample != "minute":
        found.update(dict.fromkeys(scope.tables[table].rows))
    return sorted(found)


def dims(ready: ReadyRow, name: str) -> dict[str, str]:
    """The combination that a row stands for; its parts are parts of the key."""
    said, keys = ready.measure.row, ready.table.table.keys
    assert said is not None
    parts = dict(zip(keys, tables.parts_of(name), strict=True))
    return {dim: wire.name(parts[said.paths.get(dim, dim)]) for dim in ready.measure.dims[0]}


def read(scope: ScopeState, ready: ReadyRow, name: str, at: int) -> Reading | CelError | None:
    """The value of one row at an instant; None: it is gone, does not count, or lacks what the value is made of."""
    said, found = ready.measure.row, tables.row_of(scope, ready.table, name)
    assert said is not None
    if found is None:
        return None
    row, place = dict(found[0]), found[1]
    if not all(matches(match, row.get(field_)) for field_, match in said.where.items()):
        return None
    variables = tables.own(ready.table, row, at, scope.timezone)
    result = ready.expression.result(variables, _EXACT if said.fn else ready.measure.scale)
    if isinstance(result, CelError):
        return None if any(walk(variables, path) is None for path in ready.expression.paths) else result
    if result is None:
        return None
    if not isinstance(result, Decimal):
        return CelError(f"{said.value}: gives {result!r}, not a number")
    return Reading(FUNCTIONS[said.fn](result) if said.fn else result, "", 1, (place,))


def mark(scope: ScopeState, rowed: Rowed, table: str, name: str) -> bool:
    """A row moved; True if it has to be looked at."""
    if table not in rowed.moving:
        return False
    scope.dirty_rows.setdefault(table, {})[name] = None
    return True


def causes(scope: ScopeState, ready: ReadyRow, names: Iterable[str]) -> list[Place]:
    """The facts that changed these rows last."""
    found = (tables.row_of(scope, ready.table, name) for name in names)
    return [one[1] for one in found if one]
