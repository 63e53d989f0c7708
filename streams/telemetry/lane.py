"""The telemetry engine of one partition: slice → readings → those worth telling → one transaction → next.

In the transaction: what is told, what is remembered of it, and the position. So after any kill it stands where it
stood: nothing is told twice, and no state is ahead of the readings that made it. A lane is crash-only.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple
from itertools import count, takewhile
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from sharedchain.failpoint import failpoint
from sharedchain.spine import Record
from sharedchain.tail import records
from sharedchain.telemetry import TOPIC, Reading, Slice
from streams.outputs import Decided, Outputs
from streams.seam.batch import Batch
from streams.telemetry import metrics
from streams.telemetry.setpoints import Setpoints
from streams.telemetry.thin import Key, State, told, told_rows

_log = logging.getLogger("telemetry")
STATE = "chain.telemetry.v1"
_QUIET = 1.0  # seconds for which a position may stay uncommitted that nothing was told before


class Lane:
    """The only writer of what one partition's readings tell, in one thread. `window` in ms."""

    def __init__(
        self,
        partition: int,
        *,
        read_batches: Callable[[Sequence[Batch]], Slice],
        read: Callable[[Sequence[Any]], Slice],
        write: Callable[[Reading], Record],
        outputs: Outputs,
        reader: Callable[[], Consumer],
        setpoints: Setpoints,
        window: int,
    ) -> None:
        self.offset = 0  # everything before it is judged
        self._partition, self._window = partition, window
        self._read_batches, self._read = read_batches, read
        self._write, self._outputs = write, outputs
        self._reader, self._setpoints = reader, setpoints
        self._states: dict[Key, State] = {}
        self._committed, self._again = 0, 0.0

    def recover(self) -> None:
        """Fence the predecessor, and remember what it remembered."""
        decided = self._outputs.open()
        reader = self._reader()
        try:
            for seen in records(reader, STATE, self._partition, None):
                key, state = _load(seen.value)
                self._states[key] = state
            low, _ = reader.get_watermark_offsets(TopicPartition(TOPIC, self._partition), timeout=30)
        finally:
            reader.close()
        self.offset = self._committed = max(low, decided.offset if decided else 0)
        self._setpoints.ready.wait()

    def decide(self, slice_: Sequence[Batch]) -> None:
        """Judge the record batches of this partition, in order, and tell what is worth it."""
        if unbroken(slice_, self.offset):
            self._judge(self._read_batches(slice_), slice_[-1].offset + 1)
            return
        fresh = onward([record for batch in slice_ for record in batch.records()], self.offset)
        if fresh and fresh[-1].offset + 1 - self.offset > len(fresh):
            fresh = self._whole(fresh)
        if fresh:
            self._judge(self._read(fresh), fresh[-1].offset + 1)

    def keep(self) -> None:
        """Commit the position, if it is not."""
        if self.offset > self._committed:
            self._commit([])

    def close(self) -> None:
        """Give the partition up; the successor fences what is left."""
        self._outputs.close()

    def _judge(self, said: Slice, behind: int) -> None:
        if said.frames:
            worth = told(said.frame(), self._states, self._setpoints.limits, self._window)
        else:
            worth = told_rows(said.rows, self._states, self._setpoints.limits, self._window)
        self.offset = behind
        failpoint("telemetry.before_commit")
        if worth:
            changed = {(one.tenant, one.equipment_id, one.metric) for one in worth}
            kept = [self._kept(key, self._states[key]) for key in sorted(changed)]
            self._commit([*map(self._write, worth), *kept])
        elif time.monotonic() > self._again:
            self._commit([])
        failpoint("telemetry.after_commit")
        metrics.READ.labels(TOPIC).inc(said.count)
        metrics.TOLD.inc(len(worth))

    def _commit(self, made: Iterable[Record]) -> None:
        self._outputs.commit(made, Decided(self.offset, self.offset))
        self._committed, self._again = self.offset, time.monotonic() + _QUIET

    def _whole(self, fresh: list[Any]) -> list[Any]:
        """With what is missing between the position and the last of them. Markers of a publisher's transactions leave
        gaps, and nothing is in them; if a fetch was lost on its way, its records are."""
        had = {record.offset for record in fresh}
        start = next(offset for offset in count(self.offset) if offset not in had)
        reader = self._reader()
        try:
            tail = takewhile(
                lambda seen: seen.offset < fresh[-1].offset, records(reader, TOPIC, self._partition, start)
            )
            lost = [seen for seen in tail if seen.offset not in had]
        finally:
            reader.close()
        if lost:
            place = f"{TOPIC}/{self._partition}"
            _log.warning("%s: %d records from %d on had not come; read again", place, len(lost), lost[0].offset)
        return sorted([*fresh, *lost], key=lambda record: record.offset)

    def _kept(self, key: Key, state: State) -> Record:
        said = json.dumps([key, astuple(state)]).encode()
        return Record(STATE, self._partition, "\0".join(key).encode(), said, [])


def unbroken(batches: Sequence[Batch], position: int) -> bool:
    """Whether these are all records from `position` on, each once, none missing."""
    for batch in batches:
        if batch.base != position or batch.size != batch.offset + 1 - batch.base:
            return False
        position = batch.offset + 1
    return bool(batches)


def onward(slice_: Sequence[Any], position: int) -> list[Any]:
    """Records from `position` on, each once: slices that are decided together may overlap."""
    found = []
    for record in slice_:
        if record.offset >= position:
            found.append(record)
            position = record.offset + 1
    return found


def _load(value: bytes) -> tuple[Key, State]:
    (tenant, equipment, metric), state = json.loads(value)
    return (tenant, equipment, metric), State(*state)
