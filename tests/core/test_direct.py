"""Conditions without CEL say what CEL says, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharedchain.core.cel import compile_condition, evaluated, paths_of
from sharedchain.core.direct import ERRORS, direct

_SIGNS = ("<", "<=", ">", ">=", "==", "!=")
_LITERALS = ("-3", "1", "1.0", "1e3", '""', "'ab'", "true", "null")
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -3, 1 << 53, (1 << 53) + 1, 1 << 63, 1.0, -0.0, 0.1, 1e3, float("nan"), float("inf"),
    Decimal(1), Decimal("0.10"), Decimal("9007199254740993"), Decimal("1E400"), Decimal("NaN"), Decimal("sNaN"),
    "", "a", "ab", "评审", "\0", "\ud800", date(2026, 5, 1), "2026-05-01", datetime(2026, 5, 1), b"a", [1], {"d": 1},
)  # fmt: skip


def _agree(source: str, every: Iterable[dict[str, Any]]) -> int:
    """How often the condition did without CEL; each time CEL says the same."""
    condition, count = compile_condition(source), 0
    assert condition.direct is not None
    for variables in every:
        said, found = evaluated(condition.program, condition.paths, variables), None
        with suppress(*ERRORS):
            found = condition.direct(variables)
        assert found is None or (type(said) is bool and found is said), (source, variables, said)
        count += found is not None
    return count


@pytest.mark.parametrize("sign", _SIGNS)
def test_two_fields_compare_as_cel_compares_them(sign: str) -> None:
    pairs = [{"message": {"a": a, "b": b}} for a, b in product(_VALUES, repeat=2)]
    assert _agree(f"message.a {sign} message.b", pairs) > 150


@pytest.mark.parametrize("sign", _SIGNS)
def test_a_field_and_a_literal_compare_as_cel_compares_them(sign: str) -> None:
    every = [{"message": {"a": value}} for value in _VALUES]
    for literal in _LITERALS:
        assert _agree(f"message.a {sign} {literal}", every) or literal == "null"
    assert _agree(f"1 {sign} message.a", every) > 5


@pytest.mark.parametrize(
    "source",
    [
        "message.a",
        "!message.a",
        'message.a.startsWith("a")',
        'message.a in ["a", "评审"]',
        "message.a in [1, null, true, 1e3]",
    ],
)  # fmt: skip
def test_what_stands_alone_is_as_cel_says(source: str) -> None:
    assert _agree(source, [*({"message": {"a": value}} for value in _VALUES), {}, {"message": None}]) > 1


_leaf = st.sampled_from(
    ("message.a", "message.b", "meta.c", "message.a < 2", 'meta.c == "x"', "message.deep.d != null")
)


@st.composite
def _condition(draw: st.DrawFn, depth: int = 3) -> str:
    match draw(st.integers(0, 5)) if depth else 0:
        case 1 | 2 | 3:
            sign = draw(st.sampled_from((" && ", "||")))
            return f"{draw(_condition(depth - 1))}{sign}{draw(_condition(depth - 1))}"
        case 4:
            return f"{draw(st.sampled_from(('', '!', '!!')))}({draw(_condition(depth - 1))})"
    return draw(_leaf)


@settings(max_examples=20, deadline=None)
@given(_condition())
def test_and_or_and_not_join_as_in_cel(source: str) -> None:
    some = (True, False, None, 1, 1 << 63)
    every = [{"message": {"a": a, "b": b}, "meta": {"c": c}} for a, b, c in product(some, some, (True, "x", [1]))]
    _agree(source, every)


@pytest.mark.parametrize(
    "source",
    [
        "!message.ok == message.a",  # `!` binds to the flag
        "message.a < message.b < 3",
        "message.value > 10.0 * message.usual",
        "message.value > 10u",
        'message.text == "\\n"',
        "size(message.left) == 0",
        "message.a ? true : false",
    ],
)
def test_what_is_not_simple_is_left_to_cel(source: str) -> None:
    assert direct(source, paths_of(source)) is None
