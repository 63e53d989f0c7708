"""A fact on disk is the fact; sorting on disk is sorting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.backtest import spool
from sharedchain.fact import Fact
from tests.depth import examples

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8) | st.dates()
    | st.decimals(-(10**9), 10**9, allow_nan=False, places=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def fact(seq: int, recorded: int, data: Mapping[str, Any] | None = None) -> Fact:
    return Fact(
        partition=1, seq=seq, recorded=recorded, kind="fact", scope="a", type="x.y", id=f"e{seq}", source="s",
        subject="", time=recorded, tenant="a", data=data or {}, offset=seq, src="t/0/1", traceparent="00-1-1-01",
    )  # fmt: skip


@given(data=st.dictionaries(st.text(max_size=6), VALUES, max_size=4))
@examples(25)
def test_a_fact_comes_back_equal(data: dict[str, Any]) -> None:
    line = spool.line_of(told := fact(1, 5, data))
    assert "\n" not in line
    back = spool.fact_of(line)
    assert back == told
    assert (back.offset, back.src, back.traceparent) == (told.offset, told.src, told.traceparent)


def test_types_that_json_lacks_come_back_as_such() -> None:
    back = spool.fact_of(spool.line_of(fact(1, 5, {"a": Decimal("1.00"), "d": date(2026, 5, 1)})))
    assert [type(value) for value in back.data.values()] == [Decimal, date]
    assert format(back.data["a"], "f") == "1.00"


@pytest.mark.parametrize("run", [1, 7, 1000])
def test_sorted_on_disk_equal_keys_in_order_of_arrival(run: int, tmp_path: Path) -> None:
    facts = [fact(seq, (seq * 37) % 11) for seq in range(150)]
    found = list(spool.ordered(facts, lambda one: (one.recorded,), tmp_path, run=run))
    assert found == sorted(facts, key=lambda one: one.recorded)
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_is_no_fact_is_refused() -> None:
    with pytest.raises(ValueError, match="no fact"):
        spool.fact_of('{"a": 1}')
