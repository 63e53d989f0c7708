"""Wall time on the spine: a numbered tick for each partition that holds a wall scope."""

from __future__ import annotations

from collections.abc import Iterable

from sharedchain.fact import INGEST, derived_id
from sharedchain.scope import EVERY_WALL_SCOPE
from streams.ingest import scopes
from streams.ingest.book import Book
from streams.ingest.cascade import expire
from streams.ingest.decide import TICK
from streams.ingest.turn import Turn

Place = tuple[str, int]


def due(book: Book, owned: tuple[int, ...], number: int) -> tuple[int, ...]:
    """The partitions that lack tick `number` (= wall time // interval) and hold a wall scope."""
    return tuple(p for p in owned if scopes.head(book, p).tick < number and scopes.holds_wall(book, p))


def tick(turn: Turn, partition: int, number: int, interval: int) -> None:
    """Append tick `number`. What was recorded at or before its time stands before it already."""
    recorded = max(scopes.head(turn.book, partition).recorded, number * interval)
    kind = turn.catalog.types[TICK]
    data = {"at": recorded, "n": number}
    turn.append(
        kind="tick",
        partition=partition,
        scope=EVERY_WALL_SCOPE,
        recorded=recorded,
        value=turn.codec.encode(kind, data),
        type=TICK,
        id=derived_id(f"{partition}", "tick", str(number)),
        source=INGEST,
        subject="",
        time=recorded,
        tenant="",
        data=data,
    )
    turn.counts["tick", ""] += 1
    expire(turn, partition, recorded)


class Backlog:
    """Whether everything published before a moment has been read.

    A partition is clear up to T when its end was seen since its last record, or that record is
    younger than T. Stopped partitions do not hold time up.
    """

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self._open = dict.fromkeys(places, 0)

    def record(self, place: Place, timestamp: int) -> None:
        self._open[place] = timestamp

    def end(self, place: Place) -> None:
        """The end of the partition, or its stop by the breaker."""
        self._open.pop(place, None)

    def clear(self, moment: int) -> bool:
        return all(timestamp >= moment for timestamp in self._open.values())
