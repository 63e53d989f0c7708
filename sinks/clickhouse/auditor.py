"""The sink's own auditor: is what it calls written what the log says? Asked for ever, in a thread of its own.

Each round: what was written since the last one, then one stretch of the past, from the beginning again and again; and
some flows worked out by SQL (`recount`). It reads the log and the tables, never the sink's memory. What differs is
looked at once more in the next round, and only then counted: `chain_audit_mismatch_total` must stay 0.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from clickhouse_connect.driver.exceptions import ClickHouseError
from confluent_kafka import KafkaException

from sharedchain.errors import ConnectionFailed
from sinks.batch import Place
from sinks.clickhouse import metrics
from sinks.clickhouse.recount import Recounted

_log = logging.getLogger("sinks.audit")
PAUSE = 30.0  # seconds between two rounds; SHAREDCHAIN_AUDIT_SECONDS
STRETCH = 10_000  # records looked at at once
_FLOWS = 4  # measures a round
_KNOWN = 10_000  # offsets that are told once


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the log has of a partition from `first` up to `end`: offsets that must have a row, and those that may not.

    `first` is the offset of the first record that is still there; `end` is where the next stretch begins."""

    first: int
    end: int
    rows: Sequence[int]


class Sides(Protocol):
    """Both sides of the comparison. Each may raise ConnectionFailed, KafkaException, ClickHouseError, OSError."""

    def written(self) -> Mapping[Place, int]:
        """Up to where each partition is in this store, as the committed positions say."""

    def log(self, place: Place, start: int | None, upto: int, limit: int) -> Stretch | None:
        """At most `limit` records from `start` (None: the first that is there); None: none before `upto`."""

    def stored(self, place: Place, first: int, end: int) -> Sequence[int]:
        """Offsets of the rows in that stretch, as often as they are there."""

    def flows(self, skip: int, count: int) -> tuple[Sequence[Recounted], int]:
        """`count` flows behind the first `skip`, and how many there are."""


def differs(rows: Sequence[int], stored: Sequence[int]) -> list[int]:
    """Offsets that are missing in the store, or there too often, as often as that."""
    want, have = Counter(rows), Counter(stored)
    return sorted([*(want - have).elements(), *(have - want).elements()])


@dataclass
class Auditor:
    """`find(n)` hears of n mismatches that were there twice."""

    sides: Sides
    find: Callable[[int, str], None]
    head: dict[Place, int] = field(default_factory=dict)  # all behind it was looked at when it was new
    past: dict[Place, int | None] = field(default_factory=dict)  # how far this pass over the past has come
    suspects: dict[tuple[Place, int, int], list[int]] = field(default_factory=dict)
    doubted: dict[str, str] = field(default_factory=dict)  # measure → what differed
    known: set[tuple[Place, int]] = field(default_factory=set)
    blamed: set[tuple[str, str]] = field(default_factory=set)
    turn: int = 0

    def round(self) -> int:
        """One round; the records looked at."""
        written = self.sides.written()
        self._again()
        seen = 0
        for place, upto in written.items():
            begin = self.head.setdefault(place, upto)
            if begin > upto:  # another store: its positions began anew
                self.head[place], self.past = upto, {}
            elif begin < upto:
                stretch = self.sides.log(place, begin, upto, STRETCH)
                self.head[place] = stretch.end if stretch else upto
                seen += self._look(place, stretch)
        seen += self._look_back(written)
        self._flows()
        return seen

    def _look_back(self, written: Mapping[Place, int]) -> int:
        if not self.past:
            self.past = dict.fromkeys(written)
        for place, start in list(self.past.items()):
            upto = written.get(place, 0)
            stretch = self.sides.log(place, start, upto, STRETCH) if (start or 0) < upto else None
            if stretch is None:
                del self.past[place]  # this partition is done; the pass goes on with the next
                continue
            self.past[place] = stretch.end
            return self._look(place, stretch)
        return 0

    def _look(self, place: Place, stretch: Stretch | None) -> int:
        if stretch is None:
            return 0
        wrong = differs(stretch.rows, self.sides.stored(place, stretch.first, stretch.end))
        if wrong:
            self.suspects[place, stretch.first, stretch.end] = wrong
        return len(stretch.rows)

    def _again(self) -> None:
        """Those that were found wrong in the last round: what is wrong still counts, once for each offset."""
        for (place, first, end), before in list(self.suspects.items()):
            stretch = self.sides.log(place, first, end, STRETCH)
            rows = stretch.rows if stretch else ()
            now = Counter(differs(rows, self.sides.stored(place, first, end))) & Counter(before)
            del self.suspects[place, first, end]
            fresh = [offset for offset in now.elements() if (place, offset) not in self.known]
            if fresh:
                self.known.update((place, offset) for offset in fresh[:_KNOWN])
                self.find(len(fresh), f"{place[0]}-{place[1]}: offset {fresh[0]}")

    def _flows(self) -> None:
        found, count = self.sides.flows(self.turn, _FLOWS)
        self.turn = self.turn + _FLOWS if self.turn + _FLOWS < count else 0
        for one in found:
            named = (one.measure, one.example)
            if one.wrong and self.doubted.get(one.measure) == one.example and named not in self.blamed:
                self.blamed.add(named)
                self.find(one.wrong, f"{one.measure} {one.example}")
            self.doubted[one.measure] = one.example


def start(sides: Callable[[], Sides], stopping: threading.Event) -> None:
    """Audit until `stopping`, unless SHAREDCHAIN_AUDIT_SECONDS is 0."""
    pause = float(os.environ.get("SHAREDCHAIN_AUDIT_SECONDS", PAUSE))
    if pause > 0:
        threading.Thread(target=_run, args=(sides, stopping, pause), name="auditor", daemon=True).start()


def _run(sides: Callable[[], Sides], stopping: threading.Event, pause: float) -> None:
    auditor: Auditor | None = None
    while not stopping.wait(pause):
        try:
            auditor = auditor or Auditor(sides(), _found)
            metrics.AUDITED.inc(auditor.round())
            metrics.AUDIT_ROUND.set(time.time())
        except (ConnectionFailed, KafkaException, ClickHouseError, OSError) as error:
            _log.info("audit: %s; later", error)  # the round's age tells it, and so does its alert


def _found(count: int, where: str) -> None:
    metrics.MISMATCH.inc(count)
    _log.error("store and log differ at %d places, first %s: sharedchain audit", count, where)
