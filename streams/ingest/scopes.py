"""The clocks of a spine partition: its head, and each scope's mode and time.

`wall`: recorded = max(last, now). `driven`: recorded = the scope's last tick. The mode is fixed by
the scope's first fact. All times are milliseconds since the epoch, UTC; 0 = never.
"""

from __future__ import annotations

from typing import NamedTuple

from sharedchain.errors import Refused
from sharedchain.scope import SYSTEM
from streams.ingest import config
from streams.ingest.book import Book, place


class Head(NamedTuple):
    """End of one spine partition: last `seq`, last recorded time of its wall scopes, last wall tick."""

    seq: int = 0
    recorded: int = 0
    tick: int = 0


class Scope(NamedTuple):
    """`recorded`: that of its last record (driven only). `tick`: time of its last driven tick."""

    mode: config.Mode
    recorded: int = 0
    tick: int = 0

    def now(self, head: Head, wall: int) -> int:
        """What time it is in this scope; 0 = a driven scope before its first tick."""
        return max(head.recorded, wall) if self.mode == "wall" else self.tick


def head(book: Book, partition: int) -> Head:
    return Head(*(book.get(place("head", partition)) or ()))


def set_head(book: Book, partition: int, value: Head) -> None:
    book.put(place("head", partition), value)


def known(book: Book, partition: int, name: str) -> Scope | None:
    """The scope if it has a record already."""
    item = book.get(place("scope", partition, name))
    return Scope(*item) if item else None


def of(book: Book, partition: int, name: str) -> Scope:
    """The scope as it is, or as its first record would make it."""
    return known(book, partition, name) or Scope(config.tenant(book, partition, name).mode)


def put(book: Book, partition: int, name: str, value: Scope) -> None:
    book.put(place("scope", partition, name), value)


def holds_wall(book: Book, partition: int) -> bool:
    """Whether wall ticks are due here: `_system` alone has no use for time."""
    names = book.names(place("scope", partition) + "/")
    return any(book.get(n)[0] == "wall" for n in names if n != place("scope", partition, SYSTEM))


def check_tick(scope: Scope, at: int) -> None:
    """Raises Refused for a driven tick that its scope cannot take."""
    if scope.mode == "wall":
        raise Refused(
            "domain", "this tenant lives by the wall clock: publish its config with mode driven first", "ce_tenant"
        )
    if at < max(scope.tick, scope.recorded):
        raise Refused("bad_time", f"the clock would run back from {max(scope.tick, scope.recorded)} to {at}", "at")


def check_mode(book: Book, partition: int, name: str, mode: config.Mode) -> None:
    """Raises Refused(domain) when a tenant's config would change the mode it already lives in."""
    there = known(book, partition, name)
    if there and there.mode != mode:
        raise Refused(
            "domain", f"tenant {name} lives in mode {there.mode} since its first fact: use another tenant", "mode"
        )
