"""A program's own guard: it ends a process whose loop stood still, that stopped to progress, or that cannot leave."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from confluent_kafka import KafkaException

from sharedchain.errors import ConnectionFailed
from streams.lanes import UNKNOWN

STUCK = 73  # exit code
_BEAT = 0.25  # seconds between two beats
_LOOK = 10.0  # seconds between two looks for progress

Place = TypeVar("Place", int, str)  # a partition, by its number or as «topic/partition»
Die = Callable[[int, BaseException | str], None]


@dataclass(slots=True)
class Pulse:
    """Judges the loop's beats: more than `limit` seconds without one means the right may be lost."""

    limit: float
    last: float
    tell: Callable[[], None] = lambda: None  # hears each beat

    def late(self, now: float) -> float:
        """Seconds since the last beat if they exceed the limit, else 0."""
        gap = now - self.last
        return gap if gap > self.limit else 0.0

    def verdict(self, now: float) -> str:
        """Why the process must end; empty: it need not."""
        gap = self.late(now)
        return f"the event loop stood still for {gap:.1f} s: the partitions may be another's by now" if gap else ""


@dataclass(slots=True)
class Progress(Generic[Place]):
    """Judges positions: the same first undecided record for `limit` seconds is no progress."""

    limit: float
    waiting: dict[Place, tuple[int, float]] = field(default_factory=dict)  # → (offset, since)

    def stuck(self, pending: Mapping[Place, int], now: float) -> list[Place]:
        """Where the first undecided record (`pending`: place → offset) waits too long."""
        self.waiting = {
            p: (offset, self.waiting[p][1] if p in self.waiting and self.waiting[p][0] == offset else now)
            for p, offset in pending.items()
        }
        return [p for p, (_, since) in self.waiting.items() if now - since > self.limit]


@dataclass(slots=True)
class Farewell:
    """Judges a departure: one that was asked for more than `limit` seconds ago hangs.

    Asked while its consumer thread still starts, Faust may wait without end for that thread's farewell
    (`mode.threads.ServiceThread.stop`; once in some 170 stops on a busy machine). Ending the process loses
    nothing: what is decided is committed with its outputs, the rest is the successor's.
    """

    limit: float
    since: float | None = None

    def overdue(self, leaving: bool, now: float) -> bool:
        if leaving and self.since is None:
            self.since = now
        return self.since is not None and now - self.since > self.limit


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether the process must end at once, from what is known without asking anybody."""

    pulse: Pulse
    farewell: Farewell
    leaving: Callable[[], bool]  # the worker was asked to stop

    def verdict(self, now: float) -> str:
        """Why; empty: it need not."""
        if self.farewell.overdue(self.leaving(), now):
            return f"asked to stop, and still here after {self.farewell.limit:.0f} s"
        return self.pulse.verdict(now)


@dataclass(frozen=True, slots=True)
class Work(Generic[Place]):
    """The same from what Kafka says."""

    progress: Progress[Place]
    pending: Callable[[], Iterable[tuple[Place, int]]]  # (place, offset) of first undecided records; may wait long

    def verdict(self, now: float) -> str:
        """Why the process must end; empty: it need not."""
        try:
            pending = dict(self.pending())
        except (ConnectionFailed, KafkaException):
            pending = {}  # a broker that does not answer says nothing about us
        stuck = self.progress.stuck(pending, now)
        return f"no progress on {', '.join(map(str, stuck))} for {self.progress.limit:.0f} s" if stuck else ""


async def beat(pulse: Pulse, die: Die) -> None:
    """Beat for ever; after a stop of the whole process the loop itself may be the first to notice."""
    while True:
        if why := pulse.verdict(time.monotonic()):
            die(STUCK, why)
        pulse.last = time.monotonic()
        pulse.tell()
        await asyncio.sleep(_BEAT)


def watch_presence(presence: Presence, die: Die) -> None:
    """Start the thread that watches it. Not that of the work: who asks Kafka may wait for it, and no question may
    silence the other."""
    _start("presence", presence.verdict, _BEAT, die)


def watch_work(work: Work[Place], die: Die) -> None:
    """Start the thread that watches it."""
    _start("work", work.verdict, _LOOK, die)


def _start(name: str, verdict: Callable[[float], str], pause: float, die: Die) -> None:
    threading.Thread(target=_watch, args=(verdict, pause, die), name=f"watchdog-{name}", daemon=True).start()


def _watch(verdict: Callable[[float], str], pause: float, die: Die) -> None:
    """Ask again and again; a watcher that fails is told, and ends the process that nobody watches any more."""
    try:
        while True:
            time.sleep(pause)
            if why := verdict(time.monotonic()):
                die(STUCK, why)
    except Exception as error:
        die(UNKNOWN, error)
