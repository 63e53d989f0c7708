"""The lanes that this worker holds, each in a thread of its own, so that the event loop stays free."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from sharedchain import log
from sharedchain.errors import Fenced
from streams.gap import Gap

UNKNOWN, GAP, FENCED = 70, 71, 72  # exit codes
_AT_ONCE = 1000  # records that wait are decided together up to about so many: a transaction costs milliseconds
_ROOM = 2000  # records given to a lane and not yet decided; then its agent waits, and behind it Faust's queue


class Folds(Protocol):
    """What `streams.engine.Lane` offers here. All methods block and may raise."""

    offset: int

    def recover(self) -> None: ...
    def decide(self, slice_: Sequence[Any]) -> None: ...
    def keep(self) -> None: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class _Seat:
    lane: Folds
    thread: ThreadPoolExecutor  # of one: what is submitted runs in order, recovery first
    recovery: Future[None]
    waiting: deque[tuple[Sequence[Any], int]] = field(default_factory=deque)  # slices and their sizes
    given: int = 0  # records, counted by the loop
    taken: int = 0  # of them decided, counted by the thread

    def decide(self) -> None:
        """Decide what waits, together; nothing if an earlier call took it along."""
        together, records = list[Any](), 0
        while self.waiting and records < _AT_ONCE:
            slice_, size = self.waiting.popleft()
            together += slice_
            records += size
        if together:
            self.lane.decide(together)
            self.taken += records


class Lanes:
    """Opens a lane when its partition is assigned, closes it when it goes to somebody else.

    Faust revokes every partition in each rebalance. A lane whose partition comes back stays open:
    nobody else can have held it meanwhile, and if somebody did, its next transaction is fenced.
    `size`: records of a slice.
    """

    def __init__(self, build: Callable[[int], Folds], size: Callable[[Sequence[Any]], int] = len) -> None:
        self._build, self._size = build, size
        self._seats: dict[int, _Seat] = {}
        self._changed = asyncio.Event()
        self.dealt = False  # partitions, or the word that there are none for it

    def assign(self, partitions: Iterable[int]) -> None:
        """Hold exactly these partitions from now on; new ones start to recover at once."""
        wanted, self.dealt = set(partitions), True
        for partition in self._seats.keys() - wanted:
            seat = self._seats.pop(partition)
            seat.thread.submit(or_die, seat.lane.close)
            seat.thread.shutdown(wait=False)
        for partition in sorted(wanted - self._seats.keys()):
            lane, thread = self._build(partition), ThreadPoolExecutor(1, f"lane{partition}")
            self._seats[partition] = _Seat(lane, thread, thread.submit(or_die, lane.recover))
        self._changed.set()
        self._changed = asyncio.Event()

    async def decide(self, partition: int, slice_: Sequence[Any]) -> None:
        """Give a slice to its lane, in order; wait only while the lane has more than it can hold.

        What Faust acks of these slices it never commits (the lanes commit, in their transactions): a slice whose
        agent was cancelled is decided all the same, or it comes again, and the lane knows it by its numbers.
        """
        while partition not in self._seats:  # the slice may overtake the news of the assignment
            await self._changed.wait()
        seat = self._seats[partition]
        size = self._size(slice_)
        seat.waiting.append((slice_, size))
        seat.given += size
        work = seat.thread.submit(or_die, seat.decide)
        if seat.given - seat.taken > _ROOM:
            await asyncio.shield(asyncio.wrap_future(work))

    async def keep(self) -> None:
        """Snapshot every lane: this worker is about to hand over."""
        loop = asyncio.get_running_loop()
        work = [loop.run_in_executor(s.thread, or_die, s.lane.keep) for s in self._seats.values()]
        await asyncio.gather(*work)

    def waits(self) -> str:
        """What is waited for before every partition dealt to this worker is decided; empty: nothing."""
        if not self.dealt:
            return "no partitions were dealt to it yet"
        late = [partition for partition, seat in tuple(self._seats.items()) if not seat.recovery.done()]
        return f"partitions {late} are being recovered from the log" if late else ""

    def positions(self) -> dict[int, int]:
        """The decided position of each partition held; to be asked from any thread."""
        return {partition: seat.lane.offset for partition, seat in tuple(self._seats.items())}


def or_die(work: Callable[[], None]) -> None:
    """Run `work`; whatever it raises ends the process before anything else can be acknowledged."""
    try:
        work()
    except BaseException as error:
        die(FENCED if isinstance(error, Fenced) else GAP if isinstance(error, Gap) else UNKNOWN, error)


def die(code: int, cause: BaseException | str, name: str = "worker") -> None:
    """End the process at once: no handler, no commit, no flush of anything but this line, told by logger `name`."""
    error = cause if isinstance(cause, BaseException) else None
    log.last_words(name, f"exit {code}: {cause}", error, traced=code == UNKNOWN)
    os._exit(code)
