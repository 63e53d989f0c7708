from __future__ import annotations

import pickle

import pytest

from sharedchain.contract import Broken
from sharedchain.errors import ConfigError, ConnectionFailed, Fenced, Refused, SharedChainError

FAULT = Refused("missing_field", "fill it in", "expected_amount")


@pytest.mark.parametrize(
    "error",
    [
        FAULT,
        Refused("tombstone", "no value"),
        ConfigError(["a", "b"]),
        ConnectionFailed("down"),
        Fenced("x"),
        Broken([FAULT]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_pickling_with_all_it_says(error: SharedChainError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert {n: str(v) for n, v in vars(again).items()} == {n: str(v) for n, v in vars(error).items()}


def test_a_refusal_says_reason_text_and_field_in_one_line() -> None:
    assert str(FAULT) == "missing_field: fill it in (field expected_amount)"
