"""Tables that rules look into: what a column says is there, a row that is not there is None."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sharedchain.core.columns import Type as Kind
from sharedchain.core.lookup import TABLES, ordered
from sharedchain.core.sighted import Look
from tests.core.line import Line

KEYS = {
    "equipment": ("EQ",), "setpoint": ("EQ", "temperature"), "store": ("ST",),
    "forecast": ("FC-DE",), "opportunity": ("OPP-1",),
}  # fmt: skip
TYPES: dict[Kind, type] = {"text": str, "decimal": Decimal, "count": int}


@pytest.fixture(scope="module")
def line() -> Line:
    line = Line()
    line.begin("2026-04-20 10:00")
    line.equipment("EQ", "ST", temperature=("93.0", "2.0", "°C"))
    line.store("ST", "E100")
    line.opportunity("OPP-1", 5)
    line.forecast("DE", 1, {"OPP-1": 5})
    return line


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_column_has_a_value_of_its_kind_and_no_other_is_there(line: Line, name: str) -> None:
    table = TABLES[name]
    row = table.find(line.state.scopes[line.scope], *KEYS[name])
    assert row is not None
    assert row.values.keys() == table.columns.keys()
    assert {key for key, kind in table.columns.items() if not isinstance(row.values[key], TYPES[kind])} == set()
    assert len(table.keys) == len(KEYS[name])
    assert table.empty().values == dict.fromkeys(table.columns)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_what_nobody_said_is_no_row(line: Line, name: str) -> None:
    assert TABLES[name].find(line.state.scopes[line.scope], *("?" for _ in KEYS[name])) is None


def test_a_row_names_the_fact_that_said_it(line: Line) -> None:
    row = TABLES["setpoint"].find(line.state.scopes[line.scope], "EQ", "temperature")
    assert row is not None
    assert row.source is not None
    assert line.facts[row.source[1] - 1].type == "master.equipment.upserted"
    assert (row.values["low"], row.values["high"]) == (Decimal("91.0"), Decimal("95.0"))


def test_rows_are_found_in_the_order_they_need() -> None:
    store = Look(entity="store", id="equipment.store_id")  # type: ignore[arg-type]
    equipment = Look(entity="equipment", id="message.equipment_id")  # type: ignore[arg-type]
    assert ordered({"a": store, "equipment": equipment}) == ("equipment", "a")
    ring = {"a": Look(entity="store", id=("b.id",)), "b": Look(entity="store", id=("a.id",))}
    with pytest.raises(ValueError, match="ring: a, b"):
        ordered({**ring, "equipment": equipment})
