"""Checks one declared table against what it names: event types, their fields, lists, other tables; types its CEL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sharedchain.core import lookup, typed
from sharedchain.core.columns import Column
from sharedchain.core.measures import KINDS
from sharedchain.core.table import Source, Table
from sharedchain.core.tables import ReadyTable, prepare
from sharedchain.core.typed import Types, hint
from sharedchain.schemas import Catalog
from sharedchain.yamlfile import Step

Finding = tuple[tuple[Step, ...], str, int]  # where in the document, what, its column in the value
Tables = Mapping[str, lookup.Table]


def findings(table: Table, events: Catalog, tables: Tables) -> Iterator[Finding]:
    """Everything that is wrong with the names in a table that loads and whose event types exist."""
    if table.id in (*lookup.TABLES, *KINDS):
        yield ("id",), f"{table.id} is built in; take another name", 0
    strange = [(name, look.entity) for name, look in table.with_.items() if look.entity not in tables]
    for name, entity in strange:
        yield ("with", name, "entity"), f"no table {entity}{hint(entity, tables)}", 0
    try:
        ready = prepare(table)
    except ValueError as error:
        yield ("columns", str(error).removeprefix("column ").partition(":")[0]), str(error), 0
        return
    if strange:
        return
    seen = {type_: _types(table, one, _schema(type_, events), tables) for type_, one in table.from_.items()}
    for type_, source in table.from_.items():
        yield from _source(table, type_, source, seen[type_])
    elsewhere = {path for types in seen.values() for path in types.variables}
    for name, one in table.columns.items():
        yield from _column(ready, name, one, seen, elsewhere)


def _schema(type_: str, events: Catalog) -> Mapping[str, Any]:
    """The record of a type; of "*" only the envelope is known."""
    return events.types[type_].schema if type_ != "*" else {"fields": []}


def _types(table: Table, source: Source, schema: Mapping[str, Any], tables: Tables) -> Types:
    """What a source's expressions may read."""
    each = table.each if source.each is None else source.each
    types = typed.of_event(schema)
    types = (typed.element(types, each) if each else None) or types
    types = typed.also(types, typed.of_row(table.kinds, also_before=True).variables)
    for name, look in table.with_.items():
        types = typed.beside(types, name, tables[look.entity].columns, optional=True)
    return types


def _source(table: Table, type_: str, source: Source, types: Types) -> Iterator[Finding]:
    each, at = table.each if source.each is None else source.each, ("from", type_)
    if each and each not in types.items:
        yield at, f"{type_} has no list {each}{hint(each, types.items)}; say `each`, empty for none", 0
    for path in source.key or table.key:
        if path not in types.variables:
            place = (*at, "key") if source.key else at
            yield place, f"{type_} has no {path}{hint(path, types.variables)}; say the `key` it has", 0
    for found in typed.check(source.where, types) if source.where else ():
        yield (*at, "where"), found.text, found.column


def _column(
    ready: ReadyTable, name: str, one: Column, seen: Mapping[str, Types], elsewhere: set[str]
) -> Iterator[Finding]:
    steps = ("columns", name, one.way)
    updated = [type_ for type_ in seen if name in ready.updates[type_]]
    fed = [type_ for type_ in updated if _may(ready, name, seen[type_])]
    for path in one.paths:
        if path not in elsewhere:
            yield steps, f"{path} is no field{hint(path, elsewhere)}", 0
    if not fed:
        yield ("columns", name), "no event type under `from` has a field that it reads", 0
    for type_ in updated:
        columns = ready.table.from_[type_].columns or ()
        if name in columns and type_ not in fed:
            yield ("from", type_, "columns", columns.index(name)), f"{type_} has nothing that {name} reads", 0
    for type_ in fed:
        types = _beyond(elsewhere, seen[type_])
        for source, place, value in _expressions(name, one):
            for found in typed.check(source, types, value=value):
                yield place, found.text, found.column


def _beyond(elsewhere: set[str], types: Types) -> Types:
    """The same variables, and those that only other events of the table have: null here."""
    return typed.also(types, {path: typed.T.DYN for path in elsewhere if path not in types.variables})


def _expressions(name: str, one: Column) -> Iterator[tuple[str, tuple[Step, ...], bool]]:
    for source, key, value in ((one.cel, "cel", True), (one.run, "run", False), (one.where, "where", False)):
        if source:
            yield source, ("columns", name, key), value


def _may(ready: ReadyTable, name: str, types: Types) -> bool:
    """Whether such an event may update the column: it has one of the fields that the column reads, or none is read."""
    needs = ready.needs[name]
    paths = [path for path in ready.columns[name].column.paths if path.startswith(("message.", "item."))]
    if paths:
        return all(path in types.variables for path in paths)
    return not needs or any(_has(f"{root}.{field}", types) for root, field in needs)


def _has(prefix: str, types: Types) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}.") for path in types.variables)
