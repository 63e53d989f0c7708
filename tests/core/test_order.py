from __future__ import annotations

import pytest

from sharedchain.core.order import in_order


def test_each_name_stands_behind_those_it_reads() -> None:
    assert in_order({"a": {"c"}, "b": set(), "c": {"b", "elsewhere"}}, "let") == ("b", "c", "a")


def test_a_ring_has_no_order() -> None:
    with pytest.raises(ValueError, match="`let` runs in a ring: a, b; one of them must be found by the event alone"):
        in_order({"a": {"b"}, "b": {"a"}, "c": set()}, "let")
