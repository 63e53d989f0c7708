"""A poisoned partition stops above a fifth of a thousand, from two sources, and not before."""

from __future__ import annotations

import pytest

from sharedchain.errors import Reason
from streams.ingest.breaker import Breaker


def fed(good: int, bad: list[str], reason: Reason = "bad_frame") -> Breaker:
    breaker = Breaker()
    for source in bad:
        breaker.observe(source, reason)
    for _ in range(good):
        breaker.observe("fine", None)
    return breaker


@pytest.mark.parametrize(
    ("breaker", "stopped"),
    [
        pytest.param(fed(799, ["a", "b"] * 100 + ["a"]), True, id="201 of 1000 from two"),
        pytest.param(fed(800, ["a", "b"] * 100), False, id="200 of 1000"),
        pytest.param(fed(799, ["a"] * 201), False, id="from one source"),
        pytest.param(fed(0, ["a", "b"] * 250), False, id="a storm of 500, too few to judge"),
        pytest.param(fed(799, ["a", "b"] * 150, "missing_field"), False, id="readable refusals"),
        pytest.param(fed(2000, ["a", "b"] * 300), True, id="once stopped stays stopped"),
    ],
)
def test_when_it_stops(breaker: Breaker, stopped: bool) -> None:
    assert breaker.stopped is stopped


def test_only_the_last_thousand_count() -> None:
    breaker = fed(0, ["a", "b"] * 100)
    for _ in range(900):
        breaker.observe("fine", None)
    for source in ["a", "b"] * 50:
        breaker.observe(source, "unreadable")
    assert not breaker.stopped
