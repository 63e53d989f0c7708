"""Instalments: together the amount exactly, whatever the shares."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.lifecycle.terms import Term, instalments

DAY = date(2026, 5, 3)


def cut(amount: str, *shares: str) -> list[str]:
    return [str(i["amount"]) for i in instalments(Decimal(amount), [Term(Decimal(s), DAY) for s in shares])]


def test_shares_are_rounded_half_up_and_the_last_takes_the_rest() -> None:
    assert cut("0.10", "0.25", "0.25", "0.5") == ["0.03", "0.03", "0.04"]
    assert cut("100.00", "0.3333", "0.3333", "0.3334") == ["33.33", "33.33", "33.34"]
    assert cut("0.01", "0.5", "0.5") == ["0.01", "0.00"]
    assert cut("0.00", "1") == ["0.00"]


@given(st.integers(0, 10**16 - 1), st.lists(st.integers(1, 10_000), min_size=1, max_size=20))
def test_they_add_up_and_none_is_below_zero(cents: int, parts: list[int]) -> None:
    total = Decimal(sum(parts))
    amount = Decimal(cents).scaleb(-2)
    found = instalments(amount, [Term(part / total, DAY) for part in map(Decimal, parts)])
    assert sum(i["amount"] for i in found) == amount
    assert all(i["amount"] >= 0 for i in found)
    assert [i["no"] for i in found] == list(range(1, len(parts) + 1))
