"""What comes again counts once, however it is cut, in this life of the sink and the next."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import polars as pl

from sharedchain.telemetry import SCHEMA, Reading
from sinks.telemetry.repeats import SPAN, Repeats

NOW = 1_777_000_000_000 // SPAN * SPAN


def reading(offset: int, at: int, recorded: int = NOW, **changes: Any) -> Reading:
    usual = ("acme", False, "EQ-1", "B", "t", 20.0, None, True, at, recorded, offset, 0)
    return Reading(*usual)._replace(**changes)


def fresh(repeats: Repeats, readings: Sequence[Reading]) -> list[int]:
    return repeats.fresh(pl.DataFrame(list(readings), SCHEMA, orient="row"))["offset"].to_list()


def test_the_first_one_counts_whatever_the_others_say() -> None:
    one = Repeats(0)
    said = [
        reading(0, 5),
        reading(1, 5, value=30.0),
        reading(2, 6),
        reading(3, 5, metric="p"),
        reading(4, 5, tenant="b"),
    ]
    assert fresh(one, said) == [0, 2, 3, 4]
    assert fresh(one, [reading(5, 6), reading(6, 7)]) == [6]


def test_a_batch_that_is_written_again_is_judged_as_before() -> None:
    one = Repeats(0)
    for _ in range(3):
        one.begin()
        assert fresh(one, [reading(0, 5), reading(1, 5)]) == [0]
    one.end(2)
    one.begin()
    assert fresh(one, [reading(2, 5)]) == []
    assert one.until == 2


def test_what_comes_again_within_the_span_is_known_and_after_twice_of_it_forgotten() -> None:
    for later, known in ((SPAN, True), (2 * SPAN - 1, True), (2 * SPAN, False)):
        one = Repeats(0)
        fresh(one, [reading(0, 5)])
        one.end(1)
        assert (fresh(one, [reading(1, 5, NOW + later)]) == []) is known


def test_every_cut_and_every_life_judges_alike() -> None:
    chance = random.Random("cuts")
    said = [reading(n, chance.randrange(400), NOW + n * 2000) for n in range(1000)]
    whole = fresh(Repeats(0), said)
    assert 400 < len(whole) < 900
    at, found, one = 0, list[int](), Repeats(0)
    while at < len(said):
        end = at + chance.choice((1, 30, 300))
        found += fresh(one, said[at:end])
        one.end(end)
        at = end
        if chance.random() < 0.5 and at < len(said):  # a new life reads what is before, from the last span but one on
            one, since = Repeats(at), (said[at].recorded // SPAN - 1) * SPAN
            fresh(one, [r for r in said[:at] if r.recorded >= since])
            one.end(at)
    assert found == whole
