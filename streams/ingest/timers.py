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
    return _named(book, partition, clock, _text(at + 1))


def waiting(book: Book, partition: int, scope: str) -> list[Timer]:
    """Every timer under the clock of a scope, those of others that share it too: asked when a scope
    is told to live otherwise, never by a tick."""
    return _named(book, partition, _clock(book, partition, scope), "")


def _named(book: Book, partition: int, clock: str, below: str) -> list[Timer]:
    names = book.names(f"{TIMER}{key(partition, clock)}/", below)
    return [Timer(name, name.split("/")[4], [str(p) for p in book.get(name)]) for name in names]


def _name(book: Book, partition: int, scope: str, due: int, kind: str, *parts: str) -> str:
    return TIMER + key(partition, _clock(book, partition, scope), _text(due), kind, *parts)


def _clock(book: Book, partition: int, scope: str) -> str:
    return WALL if scopes.of(book, partition, scope).mode == "wall" else scope


def _text(ms: int) -> str:
    return f"{max(ms, 0):015d}"
