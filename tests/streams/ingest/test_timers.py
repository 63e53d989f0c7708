"""Times to come: each clock sees its own, and a tick looks at nothing that is not due."""

from __future__ import annotations

import pytest

from streams.ingest import scopes, timers
from streams.ingest.book import Journal, MemoryBook
from streams.ingest.store import Store


def driven(book: MemoryBook | Journal, *names: str) -> None:
    for name in names:
        scopes.put(book, 3, name, scopes.Scope("driven"))


@pytest.mark.parametrize("stored", [False, True])
def test_what_is_due_rings_earliest_first(stored: bool) -> None:
    under = Store(":memory:")
    book = Journal(under)
    for due in (900, 5, 1000, 1001):
        timers.put(book, 3, "a", due, "x", str(due))
    if stored:
        under.adopt(book, {})
        under.write()
        book = Journal(under)
    assert [t.parts for t in timers.rung(book, 3, timers.WALL, 1000)] == [["5"], ["900"], ["1000"]]
    assert [t.kind for t in timers.rung(book, 3, timers.WALL, 5)] == ["x"]
    assert timers.rung(book, 3, timers.WALL, 4) == []
    timers.cancel(book, 3, "a", 900, "x", "900")
    assert [t.parts for t in timers.rung(book, 3, timers.WALL, 1000)] == [["5"], ["1000"]]


def test_each_clock_has_its_own() -> None:
    book = MemoryBook()
    driven(book, "d/1", "d/2")
    for scope in ("wall-1", "wall-2", "d/1", "d/2"):
        timers.put(book, 3, scope, 7, "x", scope)
    assert [t.parts for t in timers.rung(book, 3, timers.WALL, 7)] == [["wall-1"], ["wall-2"]]
    assert [t.parts for t in timers.rung(book, 3, "d/1", 7)] == [["d/1"]]
    assert timers.rung(book, 4, timers.WALL, 7) == []


def test_a_time_before_all_time_is_due_at_once() -> None:
    book = MemoryBook()
    timers.put(book, 3, "a", -5, "x", "1")
    assert [t.parts for t in timers.rung(book, 3, timers.WALL, 0)] == [["1"]]
    timers.cancel(book, 3, "a", -5, "x", "1")
    assert timers.rung(book, 3, timers.WALL, 0) == []


def test_a_tick_asks_only_for_what_is_due() -> None:
    asked: list[tuple[str, str]] = []

    class Watched(MemoryBook):
        def names(self, prefix: str, below: str = "") -> list[str]:
            found = super().names(prefix, below)
            asked.append((prefix, below))
            assert len(found) <= 1, "it looked at what is not due"
            return found

    book = Watched()
    for due in range(1, 1000):
        timers.put(book, 3, "a", due * 1000, "x", str(due))
    assert [t.parts for t in timers.rung(book, 3, timers.WALL, 1500)] == [["1"]]
    assert asked == [("timer/3//", "000000000001501")]
