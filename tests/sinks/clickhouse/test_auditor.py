"""The auditor finds what is missing or doubled, old or new, once; and holds still for what is only on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from sinks.batch import Place
from sinks.clickhouse import auditor
from sinks.clickhouse.auditor import Auditor, Stretch, differs
from sinks.clickhouse.recount import Recounted

SPINE, OTHER = ("chain.facts.v1", 0), ("ops.alert.v1", 3)


@dataclass
class World:
    """A log in which every third record is a tick, and its rows."""

    end: dict[Place, int] = field(default_factory=lambda: {SPINE: 90, OTHER: 30})
    lost: set[tuple[Place, int]] = field(default_factory=set)
    doubled: set[tuple[Place, int]] = field(default_factory=set)
    told: list[Recounted] = field(default_factory=list)

    def written(self) -> Mapping[Place, int]:
        return dict(self.end)

    def log(self, place: Place, start: int | None, upto: int, limit: int) -> Stretch | None:
        begin = start or 0
        seen = range(begin, min(upto, begin + 10))
        return Stretch(begin, seen.stop, [o for o in seen if o % 3]) if seen else None

    def stored(self, place: Place, first: int, end: int) -> Sequence[int]:
        once = [o for o in range(first, end) if o % 3 and (place, o) not in self.lost]
        return once + [o for p, o in self.doubled if p == place and first <= o < end]

    def flows(self, skip: int, count: int) -> tuple[Sequence[Recounted], int]:
        return self.told[skip : skip + count], len(self.told)


@dataclass
class Told:
    world: World = field(default_factory=World)
    found: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.auditor = Auditor(self.world, lambda count, _: self.found.append(count))

    def rounds(self, count: int) -> int:
        return sum(self.auditor.round() for _ in range(count))


def test_a_store_that_is_the_log_is_looked_at_again_and_again_and_nothing_is_found() -> None:
    told = Told()
    assert told.rounds(30) > 2 * 80  # all of it twice, and never more than it is
    assert told.found == []


@pytest.mark.parametrize("place", [SPINE, OTHER])
def test_what_is_missing_or_doubled_is_found_wherever_it_is_and_counted_once(place: Place) -> None:
    for harm in ("lost", "doubled"):
        told = Told()
        getattr(told.world, harm).add((place, 28))
        told.rounds(40)
        assert told.found == [1]


def test_harm_done_later_is_found_too() -> None:
    told = Told()
    told.rounds(20)
    told.world.lost |= {(SPINE, 1), (SPINE, 2), (OTHER, 1)}
    told.rounds(20)
    assert sorted(told.found) == [1, 2]


def test_new_records_are_looked_at_in_the_round_in_which_they_come() -> None:
    told = Told()
    told.rounds(1)
    told.world.end[SPINE] = 100
    told.world.lost.add((SPINE, 95))
    told.rounds(2)
    assert told.found == [1]


def test_what_differs_only_for_a_moment_is_no_mismatch() -> None:
    told = Told()
    told.rounds(1)
    told.world.end[SPINE], told.world.lost = 100, {(SPINE, 95)}
    told.rounds(1)
    told.world.lost = set()  # a replica that was behind
    told.rounds(20)
    assert told.found == []


def test_a_flow_is_wrong_when_it_is_so_twice_in_the_same_way() -> None:
    told = Told()
    told.world.told = [Recounted("M-01", 9, 0), Recounted("M-02", 9, 2, "acme …")]
    told.rounds(1)
    assert told.found == []
    told.rounds(5)
    assert told.found == [2]


def test_all_flows_have_their_turn() -> None:
    told = Told()
    told.world.told = [Recounted(f"M-{n}", 1, 1, "x") for n in range(2 * auditor._FLOWS + 1)]
    told.rounds(20)
    assert sum(told.found) == len(told.world.told)


def test_another_store_is_read_from_its_own_beginning() -> None:
    told = Told()
    told.rounds(5)
    told.world.end = {SPINE: 6, OTHER: 0}
    told.rounds(5)
    assert told.auditor.head == {SPINE: 6, OTHER: 0}
    assert told.found == []


@pytest.mark.parametrize(
    ("rows", "stored", "wrong"),
    [([1, 2], [2, 1], []), ([1, 2], [1], [2]), ([1], [1, 1], [1]), ([1], [2], [1, 2]), ([], [7, 7], [7, 7])],
)
def test_offsets_are_compared_as_often_as_they_are_there(rows: list[int], stored: list[int], wrong: list[int]) -> None:
    assert differs(rows, stored) == wrong
