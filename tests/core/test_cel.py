"""The traps of research/ecosystem.md §4.2, each with the case that would spring it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sharedchain.core.cel import (
    CelError,
    compile_condition,
    compile_expression,
    environment,
    message_of,
    normal,
    paths_of,
    places_of,
)


def test_an_error_at_run_time_is_an_error_not_a_truth() -> None:
    outcome = compile_condition("message.amount > 3.0").truth({"message": {"amount": None}})
    assert isinstance(outcome, CelError)
    assert "overload" in outcome.text


def test_a_field_that_is_not_there_is_null() -> None:
    assert compile_condition("message.amount == null").truth({"message": {}}) is True


def test_a_result_that_is_not_boolean_is_an_error() -> None:
    outcome = compile_condition("message.amount").truth({"message": {"amount": "yes"}})
    assert outcome == CelError("gives 'yes', not true or false")


@pytest.mark.parametrize(
    ("value", "source", "truth"),
    [
        (Decimal("48000000.00"), "message.v > 47999999.5", True),
        (date(2026, 5, 1), 'message.v < "2026-05-02"', True),
        (("a", "b"), '"b" in message.v', True),
        ([{"amount": Decimal("0.5")}], "message.v.exists(l, l.amount < 0.6)", True),
        ("评审中", "size(message.v) == 3", True),
        (3, "message.v < 3.5", True),
    ],
)
def test_decoded_avro_values_reach_cel(value: object, source: str, truth: bool) -> None:
    assert compile_condition(source).truth({"message": {"v": value}}) is truth


def test_a_value_that_no_condition_reads_spoils_nothing() -> None:
    message = {"v": 1, "other": object(), "when": {1, 2}}
    assert compile_condition("message.v == 1").truth({"message": message}) is True


def test_normal_reaches_into_maps() -> None:
    assert normal({"a": [Decimal("1.5"), {"b": (date(2026, 1, 2),)}]}) == {"a": [1.5, {"b": ["2026-01-02"]}]}


def test_paths_are_not_looked_for_in_strings_or_calls() -> None:
    source = "message.a.startsWith(\"message.b\") && meta.type != 'message.c' && message.lines.all(l, l.x > 0)"
    assert paths_of(source) == ("message.a", "message.lines", "meta.type")
    assert [(path, source[column - 1 :].startswith(path)) for path, column in places_of(source)] == [
        ("message.a", True),
        ("meta.type", True),
        ("message.lines", True),
    ]


def test_a_syntax_error_names_its_column() -> None:
    with pytest.raises(ValueError, match="1:13"):
        compile_condition("message.a < ")


def test_let_is_a_root_though_cel_keeps_the_word() -> None:
    condition = compile_condition('let.limit > 1.5 && message.outlet.let && "let.x" == message.s', ("let",))
    assert condition.paths == ("let.limit", "message.outlet.let", "message.s")
    assert condition.truth({"let": {"limit": Decimal(2)}, "message": {"outlet": {"let": True}, "s": "let.x"}}) is True
    with pytest.raises(RuntimeError) as error:
        environment({}).compile("1 < 2 && let.b")
    assert message_of(error.value) == "1:13: undeclared reference to 'let.b'"


def test_numbers_in_a_list_of_an_action_are_exact_too() -> None:
    line = compile_expression('[{"item": message.sku, "qty": 5.0 - message.left, "n": 3}]')
    found = line.result({"message": {"sku": "S", "left": Decimal("1.1")}})
    assert found == [{"item": "S", "qty": Decimal("3.9000"), "n": 3}]
    assert isinstance(found[0]["qty"], Decimal)
