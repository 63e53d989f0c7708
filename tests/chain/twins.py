"""Red twins: each takes one mechanism of the engine away, inside a worker process of its own.

They show that the checks of `test_seam.py` can fail, and for which reason.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sharedchain import kafka
from sharedchain.endpoints import Endpoints
from sharedchain.failpoint import failpoint
from sharedchain.spine import Record
from streams import outputs, seam, watchdog

_commit = outputs.Outputs.commit


def loose_outputs(endpoints: Endpoints) -> None:
    """Outputs leave before, and outside, the transaction that moves the decided position."""
    plain = kafka.producer(endpoints)

    def commit(self: outputs.Outputs, records: Iterable[Record], decided: outputs.Decided) -> None:
        for record in records:
            plain.produce(
                record.topic, record.value, key=record.key, partition=record.partition, headers=[*record.headers]
            )
        plain.flush()
        failpoint("engine.after_outputs")
        _commit(self, (), decided)

    outputs.Outputs.commit = commit  # type: ignore[method-assign]


def dirty_reads(_: Endpoints) -> None:
    """Faust's own isolation: aborted records reach the agent."""
    create = seam._ConsumerThread._create_worker_consumer

    def reads_all(self: Any, transport: Any) -> Any:
        consumer = create(self, transport)
        consumer._isolation_level = "read_uncommitted"
        return consumer

    seam._ConsumerThread._create_worker_consumer = reads_all  # type: ignore[method-assign]


def zombie(_: Endpoints) -> None:
    """Not a twin yet: no watchdog, and the worker with TOY_STOP stops itself before its third or later commit."""
    watchdog._start = lambda *_: None

    async def no_beat(*_: object) -> None: ...

    watchdog.beat = no_beat  # type: ignore[assignment]
    left, alone = [3], threading.Lock()

    def commit(self: outputs.Outputs, records: Iterable[Record], decided: outputs.Decided) -> None:
        records = list(records)
        with alone:  # another lane's transaction, open while we stand still and timed out, would end us on waking
            left[0] -= 1
            if left[0] <= 0 and records and (flag := os.environ.get("TOY_STOP")):
                left[0] = 10**9
                Path(flag).touch()
                os.kill(os.getpid(), signal.SIGSTOP)
            _commit(self, records, decided)

    outputs.Outputs.commit = commit  # type: ignore[method-assign]


def unfenced_zombie(endpoints: Endpoints) -> None:
    """The zombie, with a transactional id of its own in every process: nothing fences it."""
    zombie(endpoints)
    create = kafka.transactional_producer

    def anonymous(endpoints: Endpoints, transactional_id: str, **overrides: Any) -> Any:
        return create(endpoints, f"{transactional_id}.{uuid.uuid4()}", **overrides)

    kafka.transactional_producer = anonymous


def waits(_: Endpoints) -> None:
    """No twin either: Faust waits without end for a message that nobody acknowledges."""

    async def forever(_: Any) -> None:
        await asyncio.Event().wait()

    seam.Consumer.wait_empty = forever


def starts(endpoints: Endpoints) -> None:
    """It waits, and its start has no end: it holds partitions, and Faust runs no task of the app."""
    waits(endpoints)

    async def forever(_: Any) -> None:
        await asyncio.Event().wait()

    seam.App._wait_for_table_recovery_completed = forever


TWINS: dict[str, Callable[[Endpoints], None]] = {
    "": lambda _: None,
    "loose_outputs": loose_outputs,
    "dirty_reads": dirty_reads,
    "zombie": zombie,
    "unfenced_zombie": unfenced_zombie,
    "waits": waits,
    "starts": starts,
}
