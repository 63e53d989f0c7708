"""Entities as rows of plain fields: what entity gauges and the dims of flows read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from sharedchain.core.localtime import local_day
from sharedchain.core.state import Contract, Forecast, Instalment, Lead, Opportunity, Receivable, ScopeState

Row = Mapping[str, Any]
ZERO = Decimal("0.00")
# Entities that events name by `<kind>_id`, and the dataclass of each.
KINDS: Mapping[str, type] = {
    "lead": Lead,
    "forecast": Forecast,
    "opportunity": Opportunity,
    "contract": Contract,
    "receivable": Receivable,
}
_PLURAL = {kind: "opportunities" if kind == "opportunity" else f"{kind}s" for kind in KINDS}  # fields of a scope
# What a row has beside the fields of its dataclass and its own id.
DERIVED: Mapping[str, tuple[str, ...]] = {
    "lead": (),
    "forecast": (),
    "opportunity": ("cycle_days",),
    "contract": (),
    "receivable": ("outstanding",),
    "instalment": ("receivable_id", "no", "customer_id", "owner_id", "region", "currency", "overdue", "overdue_since"),
}


def fields(over: str) -> list[str]:
    """The fields that a row of this kind has."""
    own = [] if over == "instalment" else [f"{over}_id"]
    return [*own, *(f.name for f in dataclasses.fields(KINDS.get(over, Instalment))), *DERIVED[over]]


def entity(scope: ScopeState, kind: str, id_: str) -> Any | None:
    """One entity as it stands, or None."""
    found: Mapping[str, Any] = getattr(scope, _PLURAL[kind])
    return found.get(id_)


def rows(scope: ScopeState, kind: str, id_: str) -> Iterator[tuple[str, str, Row]]:
    """(kind of row, its id, the row): one of the entity itself, and one of each instalment of a receivable."""
    found = entity(scope, kind, id_)
    if found is not None:
        yield from _ROWS[kind](scope, id_, found)


def every(scope: ScopeState) -> Iterator[tuple[str, str]]:
    """(kind, id) of all entities, in the order in which they came."""
    for kind, name in _PLURAL.items():
        yield from ((kind, id_) for id_ in list(getattr(scope, name)))


def _plain(kind: str) -> Callable[[ScopeState, str, Any], Iterator[tuple[str, str, Row]]]:
    def read(_: ScopeState, id_: str, found: Any) -> Iterator[tuple[str, str, Row]]:
        yield kind, id_, {f"{kind}_id": id_, **vars(found)}

    return read


def _opportunity(scope: ScopeState, id_: str, found: Opportunity) -> Iterator[tuple[str, str, Row]]:
    """`cycle_days`: local date of signing less local date of creation."""
    days = None
    if found.signed is not None:
        created, signed = (local_day(ms, scope.timezone) for ms in (found.created, found.signed))
        days = Decimal((signed - created).days)
    yield "opportunity", id_, {"opportunity_id": id_, "cycle_days": days, **vars(found)}


def _receivable(_: ScopeState, id_: str, found: Receivable) -> Iterator[tuple[str, str, Row]]:
    yield "receivable", id_, {"receivable_id": id_, "outstanding": found.total - found.paid, **vars(found)}
    names = ("customer_id", "owner_id", "region", "currency")
    shared = {"receivable_id": id_, **{name: getattr(found, name) for name in names}}
    for no, part in found.instalments.items():
        late = {"overdue": part.left if part.late else ZERO, "overdue_since": part.due if part.late else ""}
        yield "instalment", f"{id_}/{no}", {"no": no, **shared, **vars(part), **late}


_ROWS: Mapping[str, Callable[[ScopeState, str, Any], Iterator[tuple[str, str, Row]]]] = {
    "lead": _plain("lead"),
    "forecast": _plain("forecast"),
    "opportunity": _opportunity,
    "contract": _plain("contract"),
    "receivable": _receivable,
}
