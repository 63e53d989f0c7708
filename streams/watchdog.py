"""The worker's own guard: it ends a process whose loop stood still, that stopped to progress, or that cannot leave."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from confluent_kafka import KafkaException

from sharedchain.errors import ConnectionFailed

STUCK = 73  # exit code
_BEAT = 0.25  # seconds between two beats
_LOOK = 10.0  # seconds between two looks for progress


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
    """What the watching thread asks, and whom."""

    pulse: Pulse
    progress: Progress
    farewell: Farewell
    pending: Callable[[], Iterable[tuple[int, int]]]  # (partition, offset) of first undecided records
    leaving: Callable[[], bool]  # the worker was asked to stop


async def beat(pulse: Pulse, die: Callable[[int, str], None]) -> None:
    """Beat for ever; after a stop of the whole process the loop itself may be the first to notice."""
    while True:
        if gap := pulse.late(time.monotonic()):
            die(STUCK, f"the event loop stood still for {gap:.1f} s: the partitions may be another's by now")
        pulse.last = time.monotonic()
        pulse.tell()
        await asyncio.sleep(_BEAT)


def _asked(pending: Callable[[], Iterable[tuple[int, int]]]) -> dict[int, int]:
    try:
        return dict(pending())
    except (ConnectionFailed, KafkaException):
        return {}  # a broker that does not answer says nothing about us


def watch(judges: Judges, die: Callable[[int, str], None]) -> threading.Thread:
    """Start the watching thread."""

    def run() -> None:
        next_look = time.monotonic() + _LOOK
        while True:
            time.sleep(_BEAT)
            now = time.monotonic()
            if judges.farewell.overdue(judges.leaving(), now):
                die(STUCK, f"asked to stop, and still here after {judges.farewell.limit:.0f} s")
            if gap := judges.pulse.late(now):
                die(STUCK, f"the event loop stood still for {gap:.1f} s")
            if now >= next_look:
                if stuck := judges.progress.stuck(_asked(judges.pending), now):
                    die(STUCK, f"no progress on partitions {stuck} for {judges.progress.limit:.0f} s")
                next_look = time.monotonic() + _LOOK

    thread = threading.Thread(target=run, name="watchdog", daemon=True)
    thread.start()
    return thread
