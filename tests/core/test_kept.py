"""What is kept comes back equal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sharedchain.core.kept import keep, recall
from tests.depth import examples

plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.decimals(allow_nan=False), st.dates(), st.binary()
)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("$abcof"), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@examples(30)
@given(st.dictionaries(st.sampled_from(["message", "meta", "$"]), values))
def test_what_is_kept_comes_back(variables: dict[str, Any]) -> None:
    assert recall(keep(variables)) == variables
    assert keep(recall(keep(variables))) == keep(variables)


def test_times_and_tuples() -> None:
    now = datetime(2026, 4, 1, 8, tzinfo=UTC)
    assert recall(keep({"a": (Decimal("1.50"), date(2026, 4, 1)), "b": now})) == {
        "a": [Decimal("1.50"), date(2026, 4, 1)],
        "b": now,
    }
