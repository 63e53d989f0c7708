"""Rows of declared tables: how events change them, how rules and measures read them, when they are forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sharedchain.core import columns as column
from sharedchain.core.cel import CelError, Condition, compile_condition
from sharedchain.core.columns import ReadyColumn
from sharedchain.core.localtime import local_day
from sharedchain.core.order import in_order
from sharedchain.core.paths import elements as elements_of
from sharedchain.core.paths import text_at
from sharedchain.core.sighted import Look
from sharedchain.core.state import Place, ScopeState, TableRow, TableState
from sharedchain.core.table import Source, Table

_ROOTS = ("item", "row", "age", "before")  # what a table's columns read beside message and meta


@dataclass(frozen=True, slots=True)
class ReadyTable:
    table: Table
    columns: Mapping[str, ReadyColumn]
    where: Mapping[str, Condition]  # by event type
    looks: tuple[str, ...]  # names of `with`, each behind those it needs
    updates: Mapping[str, tuple[str, ...]]  # event type → columns
    needs: Mapping[str, tuple[tuple[str, str], ...]]  # column → (root, field): an event has one
    aging: tuple[str, ...]  # columns that have an age: instants and days
    hashes: Mapping[str, str]  # column → hash of its declaration; "" → that of the key
    looks_back: bool  # a column reads its row


@dataclass(frozen=True, slots=True)
class Touch:
    """One row that one event changes."""

    ready: ReadyTable
    type: str  # the word under `from`
    key: tuple[str, ...]
    name: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Declared:
    """All tables of a config, by what feeds them; `hash` changes when one of them does."""

    by_type: Mapping[str, tuple[ReadyTable, ...]] = field(default_factory=dict)
    by_id: Mapping[str, ReadyTable] = field(default_factory=dict)
    hash: str = ""


Beside = Callable[[ReadyTable, Mapping[str, Any]], Mapping[str, Any] | None]
Needs = Mapping[str, tuple[tuple[str, str], ...]]
NO_TABLES = Declared()


class RowView(Mapping[str, Any]):
    """A row as it is read: key parts as text, each column when it is asked for."""

    def __init__(self, ready: ReadyTable, row: TableRow, now: int) -> None:
        self._ready, self._row, self._now = ready, row, now

    def __getitem__(self, name: str) -> Any:
        one = self._ready.columns.get(name)
        if one is not None:
            return column.value(one, self._row.cells.get(name), self._now)
        return self._row.key[self._ready.table.keys.index(name)] if name in self._ready.table.keys else _absent(name)

    def __iter__(self) -> Iterator[str]:
        yield from (*self._ready.table.keys, *self._ready.columns)

    def __len__(self) -> int:
        return len(self._ready.table.keys) + len(self._ready.columns)


class AgeView(Mapping[str, Any]):
    """The days since each time of a row, counted when it is asked for; None for a time that is not there."""

    def __init__(self, names: tuple[str, ...], row: Mapping[str, Any], today: date, zone: str) -> None:
        self._names, self._row, self._today, self._zone = names, row, today, zone

    def __getitem__(self, name: str) -> Any:
        value = self._row[name] if name in self._names else _absent(name)
        day = local_day(value, self._zone) if isinstance(value, int) else value
        return Decimal((self._today - day).days) if isinstance(day, date) else None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _absent(name: str) -> Any:
    raise KeyError(name)


def prepare(table: Table) -> ReadyTable:
    """Compile its columns. Raises ValueError naming the column."""
    ready: dict[str, ReadyColumn] = {}
    for name, one in table.columns.items():
        try:
            ready[name] = column.compile_column(one, (*_ROOTS, *table.with_))
        except ValueError as error:
            raise ValueError(f"column {name}: {error}") from None
    where = {
        type_: compile_condition(one.where, ("item", *table.with_)) for type_, one in table.from_.items() if one.where
    }
    needs = {name: _needs(one) for name, one in ready.items()}
    order = in_order({name: _reads(one) - {name} for name, one in ready.items()}, "columns")
    hashes = {name: _hash(one.model_dump_json()) for name, one in table.columns.items()}
    return ReadyTable(
        table,
        ready,
        where,
        in_order({name: _roots(look) for name, look in table.with_.items()}, "with"),
        {type_: _updates(table, source, order, needs) for type_, source in table.from_.items()},
        needs,
        tuple(name for name, kind in table.kinds.items() if kind in ("instant", "day")),
        {**hashes, "": _hash(repr(table.key))},
        any(path.startswith(("row.", "age.", "before.")) for one in ready.values() for path in _paths(one)),
    )


def declare(tables: Iterable[ReadyTable]) -> Declared:
    by_type: dict[str, list[ReadyTable]] = {}
    digest = hashlib.blake2b(digest_size=8)
    known = {ready.table.id: ready for ready in tables}
    for ready in known.values():
        digest.update(ready.table.model_dump_json().encode() + b"\0")
        for type_ in ready.table.from_:
            by_type.setdefault(type_, []).append(ready)
    return Declared({t: tuple(found) for t, found in by_type.items()}, known, digest.hexdigest() if known else "")


def adopt(scope: ScopeState, declared: Declared) -> bool:
    """Make the rows fit the declarations: what is no longer said so is forgotten. True if anything changed."""
    if scope.tables_of == declared.hash:
        return False
    scope.tables_of = declared.hash
    for id_ in [id_ for id_ in scope.tables if id_ not in declared.by_id]:
        del scope.tables[id_]
    for id_, ready in declared.by_id.items():
        state = scope.tables.setdefault(id_, TableState())
        old, state.hashes = state.hashes, dict(ready.hashes)
        if old.get("", ready.hashes[""]) != ready.hashes[""]:
            state.rows.clear()
            state.heads.clear()
        for row in state.rows.values():
            row.cells = {name: cell for name, cell in row.cells.items() if old.get(name) == ready.hashes.get(name)}
    return True


def touches(
    scope: ScopeState, ready: ReadyTable, type_: str, variables: Mapping[str, Any], beside: Beside
) -> Iterator[Touch | CelError]:
    """The rows of one table that an event changes, in the order of its list; each as it is when asked for. Or why it
    cannot be said whether an element does: a condition that errs, though nothing that it reads is missing.

    `beside` finds the rows of `with`; None = one is missing that is not optional, the event does nothing here.
    """
    type_ = type_ if type_ in ready.table.from_ else "*"
    source = ready.table.from_[type_]
    each = ready.table.each if source.each is None else source.each
    elements = elements_of(variables, each) if each else (None,)
    for element in elements:
        known = variables if element is None else {**variables, "item": element}
        rows = beside(ready, known) if ready.table.with_ else {}
        if rows is None:
            continue
        known = {**known, **rows} if rows else known
        counts = _counts(ready.where.get(type_), known)
        if isinstance(counts, CelError):
            yield CelError(f"where of {type_}: {counts.text}")
        if counts is not True:
            continue
        key = tuple(text_at(known, path) for path in (source.key or ready.table.key))
        if not all(key):
            continue
        for whole in _whole(scope, ready, key):
            yield Touch(ready, type_, whole, name_of(whole), known)


def apply(scope: ScopeState, touch: Touch, place: Place, now: int) -> list[str]:
    """Change one row; what its columns could not compute is returned in words, with the column."""
    state = scope.tables[touch.ready.table.id]
    if touch.ready.table.from_[touch.type].remove:
        _forget(state, touch.name)
        return []
    row = state.rows.get(touch.name)
    if row is None:
        row = state.rows[touch.name] = TableRow(list(touch.key), now, place)
        if len(touch.key) > 1:
            state.heads.setdefault(touch.key[0], {})[touch.name] = None
    row.changed, row.source = now, place
    variables = touch.variables
    if touch.ready.looks_back:
        former = TableRow(row.key, row.changed, row.source, dict(row.cells))
        before = {"before": RowView(touch.ready, former, now)}
        variables = {**variables, **before, **own(touch.ready, RowView(touch.ready, row, now), now, scope.timezone)}
    errors = []
    for name in touch.ready.updates[touch.type]:
        needs = touch.ready.needs[name]
        if needs and not any([field_ in _of(variables, root) for root, field_ in needs]):  # noqa: C419
            continue
        cell = column.update(touch.ready.columns[name], row.cells.get(name), variables, now)
        if isinstance(cell, CelError):
            errors.append(f"column {name}: {cell.text}")
        elif cell is not column.EMPTY:
            row.cells[name] = cell
    return errors


def again(scope: ScopeState, ready: ReadyTable, name: str, at: int) -> list[str]:
    """Compute the `daily` columns of one row anew, as of `at`; what they could not compute, in words."""
    row, errors = scope.tables[ready.table.id].rows[name], []
    for column_ in ready.table.daily:
        variables = {"meta": {"time": at, "recorded": at}, **own(ready, RowView(ready, row, at), at, scope.timezone)}
        cell = column.update(ready.columns[column_], row.cells.get(column_), variables, at)
        if isinstance(cell, CelError):
            errors.append(f"column {column_}: {cell.text}")
        elif cell is not column.EMPTY:
            row.cells[column_] = cell
    return errors


def own(ready: ReadyTable, row: Mapping[str, Any], at: int, zone: str) -> dict[str, Any]:
    """What an expression over one row reads: its columns, and the local calendar days since each of its times."""
    return {"row": row, "age": AgeView(ready.aging, row, local_day(at, zone), zone)}


def find(scope: ScopeState, ready: ReadyTable, key: tuple[str, ...]) -> tuple[RowView, Place] | None:
    """One row and the place of the fact that changed it last, or None."""
    return row_of(scope, ready, name_of(key))


def every(
    scope: ScopeState, ready: ReadyTable, begins: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], RowView, Place]]:
    """The rows whose key begins so, with their keys."""
    state = scope.tables.get(ready.table.id)
    if state is None:
        return
    for name in state.heads.get(begins[0], ()) if begins and len(ready.table.key) > 1 else state.rows:
        row = state.rows[name]
        if tuple(row.key[: len(begins)]) == begins:
            yield tuple(row.key), RowView(ready, row, scope.recorded), row.source


def row_of(scope: ScopeState, ready: ReadyTable, name: str) -> tuple[RowView, Place] | None:
    """The same by the row's name."""
    state = scope.tables.get(ready.table.id)
    row = state.rows.get(name) if state else None
    return (RowView(ready, row, scope.recorded), row.source) if row else None


def old(scope: ScopeState, declared: Declared, at: int) -> list[tuple[str, str]]:
    """(table, row) of those that nothing has changed for `keep`."""
    return [
        (id_, name)
        for id_, ready in declared.by_id.items()
        if id_ in scope.tables
        for name, row in scope.tables[id_].rows.items()
        if row.changed + ready.table.keep <= at
    ]


def forget(scope: ScopeState, table: str, name: str) -> None:
    """Drop one row."""
    _forget(scope.tables[table], name)


def name_of(key: Iterable[str]) -> str:
    """The parts joined by "/"; a "/" within a part stays apart from it."""
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in key)


def parts_of(name: str) -> list[str]:
    """The parts that `name_of` joined."""
    return [part.replace("%2F", "/").replace("%25", "%") for part in name.split("/")]


def _counts(where: Condition | None, known: Mapping[str, Any]) -> bool | CelError:
    found = where is None or where.truth(known)
    if where is None or not isinstance(found, CelError):
        return found
    return False if column.lacks(where, known) else CelError(f"{where.source}: {found.text}")


def _whole(scope: ScopeState, ready: ReadyTable, key: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The key itself, or, for one that is cut short, those of all rows that begin with it."""
    if len(key) == len(ready.table.key):
        return [key]
    state = scope.tables[ready.table.id]
    found = [tuple(state.rows[name].key) for name in state.heads.get(key[0], ())]
    return [whole for whole in found if whole[: len(key)] == key]


def _forget(state: TableState, name: str) -> None:
    row = state.rows.pop(name, None)
    heads = state.heads.get(row.key[0]) if row else None
    if row and heads is not None:
        heads.pop(name, None)
        if not heads:
            del state.heads[row.key[0]]


def _roots(look: Look) -> set[str]:
    return {path.partition(".")[0] for path in look.id}


def _updates(
    table: Table, source: Source, order: tuple[str, ...], needs: Mapping[str, tuple[tuple[str, str], ...]]
) -> tuple[str, ...]:
    if source.columns is not None:
        return tuple(name for name in order if name in source.columns)
    claimed = {name for other in table.from_.values() for name in other.columns or ()}
    return tuple(name for name in order if needs[name] or name not in claimed)


def _reads(ready: ReadyColumn) -> set[str]:
    """The columns of its row that it reads as they are after the event."""
    paths = [*ready.column.paths, *_cel_paths(ready)]
    return {path.partition(".")[2] for path in paths if path.startswith(("row.", "age."))}


def _paths(ready: ReadyColumn) -> Iterator[str]:
    """All that it reads."""
    yield from ready.column.paths
    for one in (ready.where, ready.expression):
        yield from one.paths if one else ()


def _cel_paths(ready: ReadyColumn) -> tuple[str, ...]:
    inner = ready.expression.paths if ready.expression and not ready.column.total else ()
    return (*inner, *(ready.where.paths if ready.where else ()))


def _needs(ready: ReadyColumn) -> tuple[tuple[str, str], ...]:
    paths = list(ready.column.paths)
    if not paths:
        paths = [*(ready.expression.paths if ready.expression else ()), *(ready.where.paths if ready.where else ())]
    first = [tuple(path.split(".")[:2]) for path in paths if path.startswith(("message.", "item."))]
    return tuple(dict.fromkeys((root, name) for root, name in first))


def _of(variables: Mapping[str, Any], root: str) -> Mapping[str, Any]:
    found = variables.get(root)
    return found if isinstance(found, Mapping) else {}


def _hash(said: str) -> str:
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
