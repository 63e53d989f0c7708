"""The thin shell around the pure core: one lane folds one partition of the spine.

    slice → facts → core.step → one transaction (derived events, decided position, snapshot) → next

A lane is crash-only: whatever it raises, the process must end; the successor's `recover` rebuilds
the state from the newest snapshot and the spine.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Any, Generic, Protocol, TypeVar

from confluent_kafka import Consumer

from sharedchain.errors import Refused
from sharedchain.fact import SEQ, Derived, Fact
from sharedchain.failpoint import failpoint
from sharedchain.log import ids
from sharedchain.scope import SPINE
from sharedchain.spine import BY_KEY, Record
from sharedchain.tail import records
from streams import metrics, snapshot
from streams.gap import Gap
from streams.outputs import Decided, Outputs

log = logging.getLogger("engine")
S = TypeVar("S")
_BATCH = 1000  # facts folded at once while replaying
_MUST = ("alert.", "metric.")  # what may never be left out
_SHARE = 20  # snapshots may take a twentieth of the time


class SpineRecord(Protocol):
    """What is read of a spine record: the seam's Record and `tail.Seen` have it."""

    @property
    def offset(self) -> int: ...
    @property
    def headers(self) -> Iterable[tuple[str, Any]]: ...
    @property
    def value(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Core(Generic[S]):
    """What decides: a pure fold. States of another `version` are refolded from the beginning."""

    version: str
    new: Callable[[], S]
    step: Callable[[S, Iterable[Fact]], tuple[S, list[Derived]]]
    dump: Callable[[S], bytes]
    load: Callable[[bytes], S]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The edge: spine records to facts, derived events to records of their topics."""

    read: Callable[[int, SpineRecord], Fact]  # partition, record
    write: Callable[[Derived], Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Names in Kafka, and how many facts lie between two snapshots at least."""

    spine: str = SPINE
    group: str = "chain.engine"
    snapshots: str = "chain.snapshot.v1"
    every: int = 5000


class Lane(Generic[S]):
    """The engine of one spine partition: its only writer, in one thread."""

    def __init__(
        self,
        partition: int,
        *,
        core: Core[S],
        words: Words,
        wiring: Wiring,
        outputs: Outputs,
        reader: Callable[[], Consumer],
    ) -> None:
        self.partition = partition
        self.seq = 0  # of the last fact folded
        self.offset = 0  # the decided position: everything before it is out
        self._core, self._words, self._wiring = core, words, wiring
        self._outputs, self._reader = outputs, reader
        self._state = core.new()
        self._commanded = 0  # seq of the last fact that caused a command
        self._kept = 0  # seq of the newest snapshot
        self._keep_again = 0.0  # monotonic time before which no further snapshot is due

    def recover(self) -> None:
        """Fence the predecessor, then fold what it had decided, silently.

        Raises Gap when the log and the decided position do not fit together.
        """
        decided = self._outputs.open()
        reader = self._reader()
        try:
            self._rebuild(reader, decided)
        finally:
            reader.close()

    def _rebuild(self, reader: Consumer, decided: Decided | None) -> None:
        until = decided.offset if decided else 2**63 - 1
        kept = snapshot.load(reader, self._wiring.snapshots, self.partition, self._core.version, until)
        if decided is None and kept is not None:
            raise Gap(
                f"{self._place()}: a snapshot at seq {kept.seq} but no decided position of group {self._wiring.group}: "
                f"it has expired or was deleted. Set it to {kept.offset} or later; starting anew would double outputs"
            )
        if kept is not None:
            self._state, self.seq, self.offset = self._core.load(kept.body), kept.seq, kept.offset
            self._kept = kept.seq
        failpoint("engine.during_recovery")
        if decided is not None:
            self._replay(reader, decided)

    def _replay(self, reader: Consumer, decided: Decided) -> None:
        if self.offset < decided.offset:
            tail = records(reader, self._wiring.spine, self.partition, self.offset)
            wanted = takewhile(lambda seen: seen.offset < decided.offset, tail)
            facts = (self._words.read(self.partition, seen) for seen in wanted)
            while batch := list(islice(facts, _BATCH)):
                self._fold(batch)
        if self.seq != decided.seq:
            raise Gap(
                f"{self._place()}: position {decided.offset} was decided at seq {decided.seq}, the log has {self.seq}"
            )
        self.offset, self._commanded = decided.offset, decided.commanded

    def decide(self, slice_: Sequence[SpineRecord]) -> None:
        """Fold a slice (aiokafka records of this partition, in order) and publish what it causes."""
        fresh = [r for r in slice_ if _seq(r) > self.seq]
        if not fresh:
            return
        facts = [self._words.read(self.partition, r) for r in fresh]
        derived = self._fold(facts)
        failpoint("engine.after_step")
        traces = {fact.seq: fact.traceparent for fact in facts if fact.traceparent}
        said = [(d, record) for d in derived if (record := self._written(_traced(d, traces)))]
        out = [record for _, record in said]
        commands = (d.seq for d, record in said if record.partition == BY_KEY)
        self._commanded = max(commands, default=self._commanded)
        decided = Decided(fresh[-1].offset + 1, self.seq, self._commanded)
        if self.seq - self._kept >= self._wiring.every and time.monotonic() >= self._keep_again:
            out += self._snapshot(decided)
        self._outputs.commit(out, decided)
        self.offset = decided.offset
        metrics.decided(self.partition, facts, derived, self.seq)
        _tell_errors(derived, traces)

    def keep(self) -> None:
        """Write a snapshot now, so that a successor starts at once."""
        if self.seq > self._kept:
            decided = Decided(self.offset, self.seq, self._commanded)
            self._outputs.commit(self._snapshot(decided), decided)

    def close(self) -> None:
        """Give the partition up; the successor fences what is left."""
        self._outputs.close()
        metrics.left(self.partition)

    def _written(self, derived: Derived) -> Record | None:
        """None: the action of a rule said what the schema of its type does not hold. Its alert stands all the same."""
        try:
            return self._words.write(derived)
        except Refused as why:
            if derived.type.startswith(_MUST):
                raise
            metrics.UNWRITTEN.labels(derived.type).inc()
            about = ids(correlation=derived.correlation, traceparent=derived.traceparent, event=derived.causation)
            log.error("an action said a %s that nobody can write: %s", derived.type, why, extra=about)
            return None

    def _fold(self, facts: Sequence[Fact]) -> list[Derived]:
        for fact in facts:
            if fact.seq != self.seq + 1:
                raise Gap(f"{self._place()}: offset {fact.offset} has seq {fact.seq}, expected {self.seq + 1}", fact)
            self.seq = fact.seq
        self._state, derived = self._core.step(self._state, facts)
        return derived

    def _snapshot(self, decided: Decided) -> list[Record]:
        began = time.monotonic()
        body = self._core.dump(self._state)
        kept = snapshot.Snapshot(
            partition=self.partition, seq=decided.seq, offset=decided.offset, core=self._core.version, body=body
        )
        made = snapshot.chunks(kept, self._wiring.snapshots)
        now = time.monotonic()
        self._kept, self._keep_again = decided.seq, now + _SHARE * (now - began)
        return made

    def _place(self) -> str:
        return f"{self._wiring.spine}/{self.partition}"


def _tell_errors(derived: Iterable[Derived], traces: Mapping[int, str]) -> None:
    for one in filter(metrics.about_rule, derived):
        about = ids(correlation=one.correlation, traceparent=traces.get(one.seq, ""), event=one.causation)
        log.warning("rule %s errs; its alert R-00 says why", one.subject, extra=about)


def _traced(derived: Derived, traces: Mapping[int, str]) -> Derived:
    """What an event caused goes on with its trace."""
    text = traces.get(derived.seq)
    return replace(derived, traceparent=text) if text else derived


def _seq(record: SpineRecord) -> int:
    return int(next(value for name, value in record.headers if name == SEQ))
