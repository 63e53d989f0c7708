"""Ends a lane whose records wait unread although Kafka tells of them, so that a successor reads them.

Seen with librdkafka 2.16: after the loss of a broker the consumer read no more in some runs, without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from sharedchain.barrier import lane_group
from sharedchain.endpoints import Endpoints
from sharedchain.lag import Follower, Position
from streams.ingest.ticks import Place
from streams.lanes import die
from streams.watchdog import Progress, Work, watch_work


def guard(endpoints: Endpoints, lane: int, limit: float, reads: Callable[[], frozenset[Place]]) -> None:
    """Watch lane number `lane` from now on, in a thread: a record of a partition that it `reads` and that waits for
    more than `limit` seconds ends this process."""
    follower = Follower(endpoints, lane_group(lane), wait=10.0)

    def pending() -> Iterator[tuple[str, int]]:
        read = reads()
        return unread(follower.positions(read), read)

    watch_work(Work(Progress[str](limit), pending), partial(die, name="ingest"))


def unread(positions: Iterable[Position], reads: frozenset[Place]) -> Iterator[tuple[str, int]]:
    """(«topic/partition», committed offset) of those that are read and hold a record behind it."""
    for one in positions:
        if one.lag and (one.topic, one.partition) in reads:
            yield f"{one.topic}/{one.partition}", one.committed
