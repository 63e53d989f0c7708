"""Times to come: found by the first tick at or past them, without looking at the others.

A wall tick is the clock of every wall scope of its partition, a driven one of its own scope alone;
a timer stands under the clock that will reach it.
"""

from __future__ import annotations

from typing import NamedTuple

from streams.ingest import scopes
from streams.ingest.book import TIMER, Book, key

WALL = ""


class Timer(NamedTuple):
    """`kind` says whose it is; `parts` is what its owner gave to know it again."""

    name: str
    kind: str
    parts: list[str]


def put(book: Book, partition: int, scope: str, due: int, kind: str, *parts: str) -> None:
    """Ring at the first tick of the scope's clock that is at or past `due` (milliseconds)."""
    book.put(_name(book, partition, scope, due, kind, *parts), parts)


def cancel(book: Book, partition: int, scope: str, due: int, kind: str, *parts: str) -> None:
    """Forget a timer, told as it was put; one that is not there is none."""
    book.put(_name(book, partition, scope, due, kind, *parts), None)


def rung(book: Book, partition: int, clock: str, at: int) -> list[Timer]:
    """Every timer of a clock due at or before `at`, earliest first."""
    found = []
    for name in book.names(f"{TIMER}{key(partition, clock)}/", _text(at + 1)):
        found.append(Timer(name, name.split("/")[4], [str(p) for p in book.get(name)]))
    return found


def _name(book: Book, partition: int, scope: str, due: int, kind: str, *parts: str) -> str:
    clock = WALL if scopes.of(book, partition, scope).mode == "wall" else scope
    return TIMER + key(partition, clock, _text(due), kind, *parts)


def _text(ms: int) -> str:
    return f"{max(ms, 0):015d}"
