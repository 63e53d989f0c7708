"""Checks one measure against what it names: reducers, measures, event types, their fields, entities and theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sharedchain.core import rows, typed
from sharedchain.core.flows import ENVELOPE, TESTS
from sharedchain.core.functions import FUNCTIONS
from sharedchain.core.measures import KINDS, Computed, Constant, Count, Entities, Measure, PeriodOf, RowValue, Window
from sharedchain.core.reducers import DAILY, REDUCERS
from sharedchain.core.table import Table
from sharedchain.core.typed import hint
from sharedchain.schemas import Catalog
from sharedchain.yamlfile import Step

Finding = tuple[tuple[Step, ...], str]  # where in the document, what


@dataclass(frozen=True, slots=True)
class Known:
    """What a measure may name."""

    measures: Mapping[str, Measure]
    events: Catalog
    tables: Mapping[str, Table] = field(default_factory=dict)


def findings(measure: Measure, known: Known) -> Iterator[Finding]:
    """Everything that is wrong with the names in a measure that loads, but for its owner's role."""
    reducers = (*REDUCERS, *DAILY)
    if measure.reducer and measure.reducer not in reducers:
        yield ("reducer",), f"no reducer {measure.reducer}{hint(measure.reducer, reducers)}"
    if measure.computed:
        yield from _computed(measure.computed, measure, known)
    if measure.count:
        yield from _count(measure.count, measure, known.events)
    if measure.row:
        yield from _row(measure.row, measure, known.tables)
    if measure.window:
        yield from _window(measure.window, measure, known)
    if measure.entities:
        yield from _entities(measure.entities, measure, known.tables)


def _computed(said: Computed, measure: Measure, known: Known) -> Iterator[Finding]:
    for index, name in enumerate(said.of):
        if name not in REDUCERS and name not in known.measures:
            close = hint(name, [*REDUCERS, *known.measures])
            yield ("computed", "of", index), f"no measure or reducer {name}{close}"
    if said.op == "steps" and said.of[0] in known.measures:
        below, wanted = known.measures[said.of[0]], tuple(tuple(_unstepped(said, dims)) for dims in measure.dims)
        for index, dims in enumerate(wanted):
            if set(dims) not in [set(names) for names in below.dims]:
                yield ("dims", index), f"{below.id} is not measured by {list(dims)}; it has {below.dims}"


def _unstepped(said: Computed, dims: Iterable[str]) -> Iterator[str]:
    yield from (said.along if name == said.as_ else name for name in dims)


def _count(said: Count, measure: Measure, events: Catalog) -> Iterator[Finding]:
    if said.test and said.test not in TESTS:
        yield ("count", "test"), f"no test {said.test}{hint(said.test, TESTS)}"
    for type_ in said.per_event:
        if "*" in said.events and type_ not in events.types:
            yield ("count", "per_event", type_), f"no event type {type_}{hint(type_, events.types)}"
        elif "*" not in said.events and type_ not in said.events:
            yield ("count", "per_event", type_), f"{type_} is none of `events`; add it there or take it out"
    for index, type_ in enumerate(said.events):
        if type_ == "*":
            continue
        if type_ not in events.types:
            yield ("count", "events", index), f"no event type {type_}{hint(type_, events.types)}"
            continue
        schema = events.types[type_].schema
        yield from _flow(said, measure, type_, str(schema["name"]), [part["name"] for part in schema["fields"]])


def _flow(said: Count, measure: Measure, type_: str, schema: str, fields: list[str]) -> Iterator[Finding]:
    for at, names in enumerate(measure.dims):
        for index, name in enumerate(names):
            path = said.path(type_, name)
            if not isinstance(path, Constant) and (wrong := _path(path, schema, fields)):
                yield ("dims", at, index), wrong
    for path in said.where:
        if wrong := _path(path, schema, fields):
            yield ("count", "where", path), wrong
    if said.add and said.add not in fields:
        yield ("count", "add"), f"{schema} has no {said.add}{hint(said.add, fields)}"


def _path(path: str, schema: str, fields: list[str]) -> str:
    """What is wrong with a path into an event, or ""."""
    kind, dot, name = path.partition(".")
    if path in fields or path in ENVELOPE:
        return ""
    if not dot:
        return f"{schema} has no {path}{hint(path, fields)}"
    if kind not in rows.KINDS:
        return f"no entity {kind}{hint(kind, rows.KINDS)}"
    if f"{kind}_id" not in fields:
        return f"{schema} has no {kind}_id: it names no {kind}"
    known = [f for f in rows.fields(kind) if f != f"{kind}_id" and f not in rows.DERIVED[kind]]
    return "" if name in known else f"{kind} has no {name}{hint(name, known)}"


def _row(said: RowValue, measure: Measure, tables: Mapping[str, Table]) -> Iterator[Finding]:
    table = tables.get(said.table)
    if table is None:
        yield ("row", "table"), f"no table {said.table}{hint(said.table, tables)}"
        return
    if said.fn and said.fn not in FUNCTIONS:
        yield ("row", "fn"), f"no function {said.fn}{hint(said.fn, FUNCTIONS)}"
    for name in said.where:
        if name not in table.kinds:
            yield ("row", "where", name), f"{said.table} has no {name}{hint(name, table.kinds)}"
    for index, dim in enumerate(measure.dims[0]):
        if said.paths.get(dim, dim) not in table.keys:
            yield (
                ("dims", 0, index),
                f"the key of {said.table} has {', '.join(table.keys)}, no {dim}; say it in `paths`",
            )
    types = typed.of_row(table.kinds)
    for finding in typed.check(said.value, types, value=True):
        yield ("row", "value"), finding.text


def _window(said: Window, measure: Measure, known: Known) -> Iterator[Finding]:
    for index, name in enumerate(said.of):
        flow = known.measures.get(name)
        if flow is None or flow.kind != "flow":
            yield ("window", "of", index), f"no flow {name}{hint(name, known.measures)}"
            continue
        for at, dims in enumerate(measure.dims):
            if set(dims) not in [set(names) for names in flow.dims]:
                yield ("dims", at), f"{name} is not measured by {list(dims)}; it has {flow.dims}"


def _entities(said: Entities, measure: Measure, tables: Mapping[str, Table]) -> Iterator[Finding]:
    if said.over not in tables and said.over not in KINDS:
        there = (*KINDS, *tables)
        yield ("entities", "over"), f"no table {said.over}{hint(said.over, there)}"
        return
    known = list(tables[said.over].kinds) if said.over in tables else rows.fields(said.over)
    for key, name in (("field", said.field), ("per", said.per), ("day_of", said.day_of)):
        if name and name not in known:
            yield ("entities", key), f"{said.over} has no {name}{hint(name, known)}"
    for path in said.where:
        if path not in known:
            yield ("entities", "where", path), f"{said.over} has no {path}{hint(path, known)}"
    for at, names in enumerate(measure.dims):
        for index, name in enumerate(names):
            path_ = said.paths.get(name, name)
            field = path_.period_of if isinstance(path_, PeriodOf) else path_
            if field not in known:
                yield ("dims", at, index), f"{said.over} has no {field}{hint(field, known)}"
    if measure.unit == "currency" and "currency" not in known:
        yield ("unit",), f"{said.over} has no currency; name the unit"
