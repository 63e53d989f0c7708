"""Hostile JSON: every text either has one meaning or a stable code, and none costs more than its length."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.problem import Problem
from gateway.strict_json import INT_LIMIT, MAX_DEPTH, parse


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b'{"a": 1} x', "bad_json"),
        (b"NaN", "bad_json"),
        (b'{"a": Infinity}', "bad_json"),
        (b'{"a": -Infinity}', "bad_json"),
        (b"1e999", "number_range"),
        (b"1e-999", "number_range"),
        (b"1e99999999999999999999", "number_range"),
        (b"9" * 5000, "number_range"),
        (b"1." + b"1" * 5000, "number_range"),
        (str(INT_LIMIT).encode(), "number_range"),
        (str(-INT_LIMIT - 1).encode(), "number_range"),
        (b'{"a": 1, "a": 1}', "duplicate_key"),
        (b'{"x": [{"a": 1, "\\u0061": 2}]}', "duplicate_key"),
        (b"[" * 100_000, "too_deep"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
        (b'"\\ud800"', "lone_surrogate"),
        (b'{"\\udc00": 1}', "lone_surrogate"),
        (b'"a\\u0000b"', "nul_character"),
        (b'"\xff"', "bad_utf8"),
        ('{"a": 1}'.encode("utf-16"), "bad_utf8"),
        (b'\xef\xbb\xbf{"a": 1}', "bad_json"),
    ],
)
def test_hostile_text_has_a_stable_code(body: bytes, code: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(body)
    assert (caught.value.status, caught.value.code) == (400, code)
    json.dumps(caught.value.body()).encode()  # the answer itself can be sent


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
        (b'"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["', "[" * 44),
        (b'"\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["', '"' + "[" * 42),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"0.10", Decimal("0.10")),
        (b"9007199254740993.01", Decimal("9007199254740993.01")),
        (b"[-0, 1e3]", [0, Decimal("1E+3")]),
        (str(INT_LIMIT - 1).encode(), INT_LIMIT - 1),
    ],
)
def test_honest_text_is_read_exactly(body: bytes, value: object) -> None:
    read = parse(body)
    assert value is None or read == value


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_a_problem(body: bytes) -> None:
    with suppress(Problem):  # any other exception fails
        parse(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab[{\\"é', max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON)
def test_what_python_writes_is_read_back(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    if "\\u0000" in text:
        return  # refused by intent: nul_character
    assert parse(text.encode()) == json.loads(text)


@pytest.mark.parametrize("unit", [b'\\"', b'"\\', b'"', b"[", b'{"', b"\\"])
def test_a_mebibyte_of_one_token_is_judged_at_once(unit: bytes) -> None:
    """Would take minutes if the depth scan looked twice at a byte."""
    body = b'"' + unit * ((1 << 20) // len(unit))
    began = time.process_time()
    with pytest.raises(Problem):
        parse(body)
    assert time.process_time() - began < 5
