"""Master data that rules look up: the last record counts, and a gap in it is no value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sharedchain.core import fold, masters
from sharedchain.core.state import Setpoint
from tests.core.line import Line


def line_with(**equipment: Any) -> Line:
    line = Line()
    line.begin("2026-04-01 08:00")
    line.add("fact", "master.equipment.upserted", {"equipment_id": "EQ", "type": "COFFEE", **equipment})
    return line


def setpoint(parameter: str, value: str | None, tolerance: str | None, unit: str | None = "°C") -> dict[str, Any]:
    number = {"value": value and Decimal(value), "tolerance": tolerance and Decimal(tolerance)}
    return {"parameter": parameter, "unit": unit, **number}


def test_a_setpoint_is_found_by_equipment_and_parameter() -> None:
    line = line_with(store_id="ST", setpoints=[setpoint("temperature", "93.0000", "2.0000")])
    scope = line.state.scopes[line.scope]
    found = masters.setpoint(scope, "EQ", "temperature")
    assert found == Setpoint(Decimal("93.0000"), Decimal("2.0000"), "°C")
    assert masters.setpoint(scope, "EQ", "pressure") is None
    assert masters.setpoint(scope, "EQ-9", "temperature") is None
    assert scope.equipment["EQ"].source == (3, line.facts[-1].seq)


def test_the_last_record_is_the_whole_truth() -> None:
    line = line_with(store_id="ST", setpoints=[setpoint("temperature", "93", "2")])
    line.add("fact", "master.equipment.upserted", {"equipment_id": "EQ", "type": "COFFEE", "setpoints": None})
    equipment = line.state.scopes[line.scope].equipment["EQ"]
    assert (equipment.store_id, equipment.setpoints) == ("", {})


def test_a_setpoint_without_a_value_is_none_and_one_without_tolerance_must_be_met() -> None:
    line = line_with(setpoints=[setpoint("a", None, "2"), setpoint("b", "5", None, None), setpoint("c", "5", "-1")])
    scope = line.state.scopes[line.scope]
    assert masters.setpoint(scope, "EQ", "a") is None
    assert masters.setpoint(scope, "EQ", "b") == Setpoint(Decimal(5), Decimal(0), "")
    assert masters.setpoint(scope, "EQ", "c") == Setpoint(Decimal(5), Decimal(1), "°C")


def test_stores_and_equipment_live_through_a_snapshot() -> None:
    line = line_with(store_id="ST", setpoints=[setpoint("temperature", "93", "2")])
    line.add("fact", "master.store.upserted", {"store_id": "ST", "name": "n", "org_id": None, "manager_id": "E100"})
    again = fold.load(fold.dump(line.state))
    assert again == line.state
    assert again.scopes[line.scope].stores["ST"].manager_id == "E100"
