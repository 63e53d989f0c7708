"""Equipment and stores, as `master.*.upserted` told last: what rules and measures look up by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sharedchain.core import wire
from sharedchain.core.state import Equipment, ScopeState, Setpoint, Store
from sharedchain.fact import Fact


def upsert(scope: ScopeState, fact: Fact) -> None:
    """Take one record of master data; types that nobody looks up change nothing."""
    data, place = fact.data, (fact.partition, fact.seq)
    match fact.type:
        case "master.equipment.upserted":
            scope.equipment[data["equipment_id"]] = Equipment(
                type=data.get("type") or "",
                customer_id=data.get("customer_id") or "",
                store_id=data.get("store_id") or "",
                source=place,
                setpoints=_setpoints(data.get("setpoints") or ()),
            )
        case "master.store.upserted":
            scope.stores[data["store_id"]] = Store(
                name=data.get("name") or "",
                org_id=data.get("org_id") or "",
                manager_id=data.get("manager_id") or "",
                source=place,
            )


def setpoint(scope: ScopeState, equipment_id: str, parameter: str) -> Setpoint | None:
    """What this parameter of this equipment should be; None if nobody said."""
    equipment = scope.equipment.get(equipment_id)
    return equipment.setpoints.get(parameter) if equipment else None


def _setpoints(told: Iterable[Mapping[str, Any]]) -> dict[str, Setpoint]:
    """A setpoint without a value says nothing; one without a tolerance must be met exactly."""
    found: dict[str, Setpoint] = {}
    for one in told:
        value = wire.number(one.get("value"))
        if value is not None:
            tolerance = abs(wire.number(one.get("tolerance")) or Decimal(0))
            found[one["parameter"]] = Setpoint(value, tolerance, one.get("unit") or "")
    return found
