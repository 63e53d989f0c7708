"""Checks one declared table against what it names: event types, their fields, lists, columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sharedchain.core import lookup
from sharedchain.core.measures import KINDS
from sharedchain.core.table import Source, Table
from sharedchain.core.tables import ReadyTable, prepare
from sharedchain.core.typed import hint
from sharedchain.core.variables import META
from sharedchain.schemas import Catalog
from sharedchain.yamlfile import Step

Finding = tuple[tuple[Step, ...], str]  # where in the document, what


def findings(table: Table, events: Catalog) -> Iterator[Finding]:
    """Everything that is wrong with the names in a table that loads and whose event types exist."""
    if table.id in (*lookup.TABLES, *KINDS):
        yield ("id",), f"{table.id} is built in; take another name"
    try:
        ready = prepare(table)
    except ValueError as error:
        yield ("columns", _column(str(error))), str(error)
        return
    fed: set[str] = set()
    for type_, source in table.from_.items():
        known = _known(table, source, events.types[type_].schema if type_ != "*" else None)
        yield from _source(table, type_, source, known)
        fed |= {name for name in ready.updates[type_] if _lacking(ready, name, known) is None}
        for index, name in enumerate(source.columns or ()):
            if lack := _lacking(ready, name, known):
                yield (
                    ("from", type_, "columns", index),
                    f"{name} reads {lack}, which {type_} has not{hint(lack, known)}",
                )
    for name in table.columns:
        if name not in fed and table.columns:
            lacks = _lacking(ready, name, set().union(*_every(table, events)))
            yield (
                ("columns", name),
                f"no event type under `from` has all it reads{f': {lacks} is nowhere' if lacks else ''}",
            )
        for path in _paths(ready, name):
            if path.startswith("row.") and path.removeprefix("row.") not in table.kinds:
                yield ("columns", name), f"{path} is no column{hint(path.removeprefix('row.'), table.kinds)}"


def _every(table: Table, events: Catalog) -> Iterator[set[str]]:
    for type_, source in table.from_.items():
        yield _known(table, source, events.types[type_].schema if type_ != "*" else None)


def _source(table: Table, type_: str, source: Source, known: set[str]) -> Iterator[Finding]:
    each = table.each if source.each is None else source.each
    if each and each not in known:
        yield ("from", type_), f"{type_} has no {each}{hint(each, known)}; say `each`, empty for none"
    for path in source.key or table.key:
        if path not in known:
            at = ("from", type_, "key") if source.key else ("from", type_)
            yield at, f"{type_} has no {path}{hint(path, known)}; say the `key` it has"


def _known(table: Table, source: Source, schema: Mapping[str, Any] | None) -> set[str]:
    """Every path that an event of this source has; those of "*" are its envelope alone."""
    found = {f"meta.{name}" for name in META}
    if schema is None:
        return found
    each = table.each if source.each is None else source.each
    for path, avro in _fields(schema, "message"):
        found.add(path)
        element = avro.get("items") if isinstance(avro, Mapping) else None
        if path == each and isinstance(element, Mapping) and element.get("type") == "record":
            found |= {inner for inner, _ in _fields(element, "item")}
    return found


def _fields(record: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for field in record["fields"]:
        avro = field["type"]
        avro = next((part for part in avro if part != "null"), avro) if isinstance(avro, list) else avro
        yield f"{prefix}.{field['name']}", avro
        if isinstance(avro, Mapping) and avro.get("type") == "record":
            yield from _fields(avro, f"{prefix}.{field['name']}")


def _paths(ready: ReadyTable, name: str) -> tuple[str, ...]:
    one = ready.columns[name]
    inner = one.expression.paths if one.expression and not one.column.total else ()
    return (*one.column.paths, *inner, *(one.where.paths if one.where else ()))


def _lacking(ready: ReadyTable, name: str, known: set[str]) -> str | None:
    """A path that keeps a column from reading such an event; None if it may: CEL needs one of its fields."""
    paths = [path for path in _paths(ready, name) if not path.startswith(("row.", "meta."))]
    lacks = [path for path in paths if path not in known]
    plain = ready.columns[name].column.paths
    return next(iter(lacks), None) if (plain and lacks) or len(lacks) == len(paths) else None


def _column(error: str) -> str:
    return error.removeprefix("column ").partition(":")[0]
