"""The worker's own guard: it ends a process whose loop stood still, that stopped to progress, or that cannot leave."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from confluent_kafka import KafkaException

from sharedchain.errors import ConnectionFailed
from streams.lanes import UNKNOWN

STUCK = 73  # exit code
_BEAT = 0.25  # seconds between two beats
_LOOK = 10.0  # seconds between two looks for progress

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
class Progress:
    """Judges positions: the same first undecided record for `limit` seconds is no progress."""

    limit: float
    waiting: dict[int, tuple[int, float]] = field(default_factory=dict)  # partition → (offset, since)

    def stuck(self, pending: Mapping[int, int], now: float) -> list[int]:
        """Partitions whose first undecided record (`pending`: partition → offset) waits too long."""
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
class Judges:
    """What the watching threads ask, and whom."""

    pulse: Pulse
    progress: Progress
    farewell: Farewell
    pending: Callable[[], Iterable[tuple[int, int]]]  # (partition, offset) of first undecided records; may wait long
    leaving: Callable[[], bool]  # the worker was asked to stop

    def presence(self, now: float) -> str:
        """Why the process must end at once, from what is known without asking anybody; empty: it need not."""
        if self.farewell.overdue(self.leaving(), now):
            return f"asked to stop, and still here after {self.farewell.limit:.0f} s"
        return self.pulse.verdict(now)

    def work(self, now: float) -> str:
        """The same from what Kafka says."""
        try:
            pending = dict(self.pending())
        except (ConnectionFailed, KafkaException):
            pending = {}  # a broker that does not answer says nothing about us
        stuck = self.progress.stuck(pending, now)
        return f"no progress on partitions {stuck} for {self.progress.limit:.0f} s" if stuck else ""


async def beat(pulse: Pulse, die: Die) -> None:
    """Beat for ever; after a stop of the whole process the loop itself may be the first to notice."""
    while True:
        if why := pulse.verdict(time.monotonic()):
            die(STUCK, why)
        pulse.last = time.monotonic()
        pulse.tell()
        await asyncio.sleep(_BEAT)


def watch(judges: Judges, die: Die) -> None:
    """Start the watching threads. Two, since who asks Kafka may wait for it; no question may silence the other."""
    for name, pause, verdict in (("presence", _BEAT, judges.presence), ("work", _LOOK, judges.work)):
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
