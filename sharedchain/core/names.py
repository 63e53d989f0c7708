"""Whether this core knows what a measure names: a log outlives the program and may hold another version's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sharedchain.core import rows
from sharedchain.core.flows import ENVELOPE, TESTS
from sharedchain.core.functions import FUNCTIONS
from sharedchain.core.measures import KINDS, Constant, Measure, PeriodOf, RowValue
from sharedchain.core.reducers import DAILY, REDUCERS
from sharedchain.core.table import Table


def usable(
    measures: Mapping[str, Measure], broken: dict[str, str], tables: Mapping[str, Table] | None = None
) -> dict[str, Measure]:
    """Those that can be computed; what is left out, and what rests on it, is named in `broken` with the reason."""
    left = dict(measures)
    for id_, measure in measures.items():
        if strange := next(_strange(measure, tables or {}), ""):
            broken[f"measure/{id_}"] = f"this version knows no {strange}"
            del left[id_]
    while lame := {id_: gone for id_, one in left.items() if (gone := _missing(one, left))}:
        for id_, gone in lame.items():
            broken[f"measure/{id_}"] = f"it is computed of {gone}, which is not there"
            del left[id_]
    return left


def _missing(measure: Measure, there: Mapping[str, Measure]) -> str:
    named = measure.computed or measure.window
    of = named.of if named else ()
    return next((name for name in of if name.startswith("M-") and name not in there), "")


def _strange(measure: Measure, tables: Mapping[str, Table]) -> Iterator[str]:
    if measure.reducer and measure.reducer not in (*REDUCERS, *DAILY):
        yield f"reducer {measure.reducer}"
    for name in measure.computed.of if measure.computed else ():
        if not name.startswith("M-") and name not in REDUCERS:
            yield f"reducer {name}"
    if measure.count:
        if measure.count.test and measure.count.test not in TESTS:
            yield f"test {measure.count.test}"
        types = (*measure.count.events, *measure.count.per_event)
        dims = {measure.count.path(type_, name) for type_ in types for names in measure.dims for name in names}
        for path in sorted({path for path in dims if not isinstance(path, Constant)} | set(measure.count.where)):
            kind, dot, name = path.partition(".")
            if dot and path not in ENVELOPE and (kind not in rows.KINDS or name not in rows.fields(kind)):
                yield f"path {path}"
    if measure.row:
        yield from _strange_row(measure.row, measure, tables)
    if measure.entities:
        said = measure.entities
        if said.over not in tables and said.over not in KINDS:
            yield f"table {said.over}"
            return
        known = list(tables[said.over].kinds) if said.over in tables else rows.fields(said.over)
        paths = [said.paths.get(name, name) for names in measure.dims for name in names]
        plain = [path.period_of if isinstance(path, PeriodOf) else path for path in paths]
        yield from (
            f"{said.over}.{name}"
            for name in (said.field, said.per, said.day_of, *said.where, *plain)
            if name and name not in known
        )


def _strange_row(said: RowValue, measure: Measure, tables: Mapping[str, Table]) -> Iterator[str]:
    table = tables.get(said.table)
    if table is None:
        yield f"table {said.table}"
        return
    if said.fn and said.fn not in FUNCTIONS:
        yield f"function {said.fn}"
    yield from (f"{said.table}.{name}" for name in said.where if name not in table.kinds)
    for dim in measure.dims[0]:
        if said.paths.get(dim, dim) not in table.keys:
            yield f"part {said.paths.get(dim, dim)} of the key of {said.table}"
