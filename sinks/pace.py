"""When a sink writes next: after a failure, and after a round of few records."""

from __future__ import annotations

from collections.abc import Callable

_LONGEST = 10.0  # seconds between two attempts
_FEW = 1_000  # records a round: with fewer, what an insert costs at all is most of its price
_REST, _LONGEST_REST = 3.0, 1.0  # times as long as a round of few took, and seconds at most, until the next one

Rested = Callable[[float, float, int], float]  # (a round's begin, its end, its records) → when the next may begin


def backoff(attempts: int) -> float:
    """Seconds to wait after the n-th failed attempt."""
    return min(_LONGEST, 0.05 * 2.0 ** min(attempts, 16))


def at_once(_: float, ended: float, __: int) -> float:
    """What waits is written as soon as it can be."""
    return ended


def rested(began: float, ended: float, records: int) -> float:
    """After a round of few records, not at once: a trickle is written in few inserts and leaves the machine to others.
    A backlog comes in rounds of many, and never waits."""
    return ended if records >= _FEW else ended + min(_LONGEST_REST, _REST * (ended - began))
