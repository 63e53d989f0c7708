"""`first` of `with`: which row of a table is chosen, and what is told of those considered."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from sharedchain.core.picking import Row, choose, compile_pick
from sharedchain.core.sighted import Look


def rows(**values: Mapping[str, Any]) -> list[Row]:
    return [((key,), {"id": key, **row}, (1, at)) for at, (key, row) in enumerate(values.items())]


def chosen(table: list[Row], **look: Any) -> Any:
    said = Look.model_validate({"entity": "engineer", **look})
    found = choose(compile_pick(said, ("shop",)), table, {"message": {"far": 9.0}, "shop": {"n": 1}})
    return found and found[0]


def test_the_smallest_by_the_order_then_by_key_whatever_order_the_rows_have() -> None:
    table = rows(
        c={"km": Decimal(2), "load": 1}, b={"km": Decimal(2), "load": 0}, a={"km": Decimal(3), "load": 0},
        d={"km": Decimal(2), "load": 0},
    )  # fmt: skip
    for given in (table, table[::-1]):
        assert chosen(given, first=["row.km", "row.load"])["id"] == "b"
    assert chosen(table, first="-row.km")["id"] == "a"
    assert chosen(table, first="row.id")["id"] == "a"


def test_only_rows_that_hold_the_condition_and_nobody_when_none_does() -> None:
    table = rows(a={"km": Decimal(1), "free": False}, b={"km": Decimal(10), "free": True}, c={"km": None, "free": None})
    assert chosen(table, first="row.km", where="row.free")["id"] == "b"
    assert chosen(table, first="row.km", where="row.free && row.km < message.far") is None
    assert chosen([], first="row.km") is None


def test_what_a_row_lacks_comes_last_and_holds_no_condition() -> None:
    table = rows(a={"km": None}, b={"km": Decimal(5)})
    assert chosen(table, first="row.km")["id"] == "b"
    assert chosen(table, first="row.id", where="row.km < 9.0")["id"] == "b"
    assert chosen(table[:1], first="row.km * 2.0")["id"] == "a"


def test_values_computed_for_each_row_and_who_was_considered() -> None:
    table = rows(a={"n": 3, "kind": "x"}, b={"n": 1, "kind": "x"}, c={"n": 2, "kind": "y"}, d={"n": 0, "kind": "x"})
    found = chosen(
        table, among='row.kind == "x"', where="row.twice > 1.0", first="row.twice",
        let={"twice": "double(row.n + shop.n) * 1.0", "again": "row.twice + 1.0"},
        tell={"who": "row.id", "again": "row.again"},
    )  # fmt: skip
    assert (found["id"], found["twice"], found["again"]) == ("b", Decimal(2), Decimal(3))
    assert found["considered"] == [
        {"who": "b", "again": Decimal(3)}, {"who": "a", "again": Decimal(5)}, {"who": "d", "again": Decimal(2)},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("look", "said"), [({"first": "row.id / 2"}, "row.id / 2"), ({"first": "row.mixed"}, "a text with a number")]
)
def test_what_errs_is_the_rules_error(look: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        chosen(rows(a={"mixed": "x"}, b={"mixed": 1}), **look)


LOGISTIC = {"first": "row.n", "let": {"a": {"cel": "row.n", "fn": "logistic"}}}


@pytest.mark.parametrize("look", [{}, {"id": "message.x", "where": "row.n > 1"}, LOGISTIC])
def test_a_row_is_named_or_chosen(look: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Look.model_validate({"entity": "engineer", **look})
