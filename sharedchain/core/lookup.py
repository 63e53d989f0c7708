"""Tables that the `with` of a rule looks into: what is known of an id now, and the fact that said it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sharedchain.core import masters, picking, tables
from sharedchain.core.columns import Type as Kind
from sharedchain.core.order import in_order
from sharedchain.core.paths import text_at
from sharedchain.core.sighted import Look
from sharedchain.core.state import Place, ScopeState

NO_PICKS: Mapping[str, picking.Pick] = {}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a value for each column of its table."""

    values: Mapping[str, Any]
    source: Place | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`keys`: what `id` must name, in this order."""

    keys: tuple[str, ...]
    columns: Mapping[str, Kind]
    find: Callable[..., Row | None]
    sparse: bool = False  # a column of a row that is there may have no value yet
    rows: Callable[..., Iterable[picking.Row]] | None = None  # those whose key begins so; None = none can be chosen

    def empty(self) -> Row:
        """The row that stands for one that is not there."""
        return Row(dict.fromkeys(self.columns))


def ordered(looks: Mapping[str, Look]) -> tuple[str, ...]:
    """The names of `with`, each behind those that its id reads. Raises ValueError for a ring."""
    return in_order({name: _reads(looks, name) - {name} for name in looks}, "with")


def beside(
    scope: ScopeState,
    tables_: Mapping[str, Table],
    looks: Iterable[tuple[str, Look]],
    known: Mapping[str, Any],
    picks: Mapping[str, picking.Pick] = NO_PICKS,
) -> dict[str, Row] | None:
    """What `with` finds beside what is `known`, by name, each behind those that it reads; None if a row is missing
    that is not optional. `picks`: those that are chosen. Raises ValueError for what they cannot compute."""
    rows: dict[str, Row] = {}
    for name, look in looks:
        seen = {**known, **{other: row.values for other, row in rows.items()}}
        table, ids = tables_[look.entity], [text_at(seen, path) for path in look.id]
        if not all(ids):
            row = None
        elif name in picks:
            row = _chosen(scope, table, picks[name], ids, seen)
        else:
            row = table.find(scope, *ids)
        if row is None and not look.optional:
            return None
        rows[name] = row or table.empty()
    return rows


def _chosen(
    scope: ScopeState, table: Table, pick: picking.Pick, begins: Sequence[str], known: Mapping[str, Any]
) -> Row | None:
    found = picking.choose(pick, table.rows(scope, *begins), known) if table.rows else None
    return Row(*found) if found else None


def _reads(looks: Mapping[str, Look], name: str) -> set[str]:
    look = looks[name]
    return {path.partition(".")[0] for path in look.id} & set(looks) | picking.reads(look, looks)


def _equipment(scope: ScopeState, id_: str) -> Row | None:
    found = scope.equipment.get(id_)
    if found is None:
        return None
    values = {"id": id_, "type": found.type, "customer_id": found.customer_id, "store_id": found.store_id}
    return Row(values, found.source)


def _setpoint(scope: ScopeState, equipment_id: str, parameter: str) -> Row | None:
    """`low` and `high` are computed exactly here: in CEL the difference of two doubles is not."""
    equipment, found = scope.equipment.get(equipment_id), masters.setpoint(scope, equipment_id, parameter)
    if equipment is None or found is None:
        return None
    borders = {"low": found.value - found.tolerance, "high": found.value + found.tolerance}
    values = {"value": found.value, "tolerance": found.tolerance, **borders, "unit": found.unit}
    return Row({"parameter": parameter, **values}, equipment.source)


def _store(scope: ScopeState, id_: str) -> Row | None:
    found = scope.stores.get(id_)
    if found is None:
        return None
    return Row({"id": id_, "name": found.name, "org_id": found.org_id, "manager_id": found.manager_id}, found.source)


def _forecast(scope: ScopeState, id_: str) -> Row | None:
    found = scope.forecasts.get(id_)
    if found is None:
        return None
    values = {"id": id_, "version": found.version, "period": found.period, "org_id": found.org_id}
    values |= {"region": found.region, "owner_id": found.owner_id, "currency": found.currency, "total": found.total}
    return Row(values, found.source)


def _opportunity(scope: ScopeState, id_: str) -> Row | None:
    found = scope.opportunities.get(id_)
    if found is None:
        return None
    values = {"id": id_, "stage": found.stage, "amount": found.amount, "currency": found.currency}
    values |= {"region": found.region, "industry": found.industry, "product_id": found.product_id}
    values |= {"owner_id": found.owner_id, "customer_id": found.customer_id, "lead_id": found.lead_id}
    return Row(values, found.source)


def _columns(texts: str, **others: Kind) -> Mapping[str, Kind]:
    return {**dict.fromkeys(texts.split(), "text"), **others}


TABLES: Mapping[str, Table] = {
    "equipment": Table(("equipment id",), _columns("id type customer_id store_id"), _equipment),
    "setpoint": Table(
        ("equipment id", "parameter"),
        _columns("parameter unit", value="decimal", tolerance="decimal", low="decimal", high="decimal"),
        _setpoint,
    ),
    "store": Table(("store id",), _columns("id name org_id manager_id"), _store),
    "forecast": Table(
        ("forecast id",),
        _columns("id period org_id region owner_id currency", version="count", total="decimal"),
        _forecast,
    ),
    "opportunity": Table(
        ("opportunity id",),
        _columns("id stage currency region industry product_id owner_id customer_id lead_id", amount="decimal"),
        _opportunity,
    ),
}


def declared(ready: tables.ReadyTable) -> Table:
    """A table declared as data, as `with` sees it."""
    rows = partial(_rows, ready)
    return Table(ready.table.keys, ready.table.kinds, partial(_declared, ready), sparse=True, rows=rows)


def _declared(ready: tables.ReadyTable, scope: ScopeState, *key: str) -> Row | None:
    found = tables.find(scope, ready, key)
    return Row(dict(found[0]), found[1]) if found else None


def _rows(ready: tables.ReadyTable, scope: ScopeState, *begins: str) -> Iterator[picking.Row]:
    for key, row, place in tables.every(scope, ready, begins):
        yield key, dict(row), place
