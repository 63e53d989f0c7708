"""Batches of the telemetry topic → minutes in ClickHouse, each exactly once, and what is refused → dead letters."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from sharedchain.errors import ConnectionFailed
from sharedchain.refusals import DLQ_RECORDS
from sharedchain.telemetry import Slice, Slices
from sinks import metrics
from sinks.batch import Batch, Place, Record
from sinks.clickhouse.letters import refused_here
from sinks.clickhouse.rows import DEAD_LETTERS, Row, Table, dead_letter_row
from sinks.runner import Done, Later
from sinks.telemetry.fold import COLUMNS, partials
from sinks.telemetry.metrics import REPEATED
from sinks.telemetry.repeats import SPAN, Repeats

TABLE = Table("telemetry_partial", COLUMNS)
CHUNK = 4 * 1024 * 1024  # bytes of values folded at once: what bounds the memory


class Inserts(Protocol):
    """Puts rows, or an Arrow stream of them, under a token; ConnectionFailed: not known whether they are in."""

    def insert(self, table: Table, rows: list[Row], token: str) -> None: ...
    def insert_arrow(self, table: Table, stream: bytes, token: str) -> None: ...


class Past(Protocol):
    """Reads again what a partition said before; ConnectionFailed: Kafka does not answer."""

    def between(self, place: Place, since: int, until: int) -> Iterator[list[Record]]: ...


class TelemetrySink:
    """A `sinks.runner.Sink`. What it remembers of a partition is read from its log when the partition comes."""

    def __init__(self, store: Inserts, slices: Slices, past: Past) -> None:
        self._store, self._slices, self._past = store, slices, past
        self._repeats: dict[Place, Repeats] = {}

    def assigned(self, ours: Callable[[], bool]) -> None:
        """Somebody else may have written meanwhile: what the log says by now is asked anew."""
        self._repeats = {}

    def write(self, batch: Batch) -> Done | Later:
        epoch, _, name = batch.name.partition(":")
        try:
            repeats = self._known(batch)
            repeats.begin()
            for nth, records in enumerate(chunks(batch.records)):
                self._insert(self._slices.read(records), repeats, records, f"{epoch}:{{}}:{name}#{nth}")
        except ConnectionFailed as error:
            return Later(str(error))
        repeats.end(batch.intent.end)
        return Done()

    def _known(self, batch: Batch) -> Repeats:
        """What came before this batch, and nothing of it: an attempt that was not acknowledged may be in memory."""
        known = self._repeats.get(batch.place)
        if known is None or known.until > batch.intent.start:
            known = Repeats(batch.intent.start)
            if not batch.records:  # retention took them, and what was before them too
                return known
            since = (batch.records[0].timestamp // SPAN - 1) * SPAN
            for records in self._past.between(batch.place, since, batch.intent.start):
                for some in chunks(records):
                    known.fresh(self._slices.read(some).frame())
                    known.end(batch.intent.start)
            self._repeats[batch.place] = known
        return known

    def _insert(self, said: Slice, repeats: Repeats, records: Sequence[Record], token: str) -> None:
        fresh = repeats.fresh(said.frame()) if said.count else None
        if fresh is not None and fresh.height:
            stream = io.BytesIO()
            partials(fresh, records[0].partition).write_ipc_stream(stream)
            self._store.insert_arrow(TABLE, stream.getvalue(), token.format(TABLE.name))
        if fresh is not None and fresh.height < said.count:
            REPEATED.labels(records[0].topic).inc(said.count - fresh.height)
        if said.faults:
            by_offset = {record.offset: record for record in records}
            rows = []
            for offset, why in said.faults:
                record = by_offset[offset]
                metrics.UNREADABLE.labels(record.topic).inc()
                DLQ_RECORDS.labels(record.topic, "sink", why.reason).inc()
                rows.append(dead_letter_row(refused_here(record, why)))
            self._store.insert(DEAD_LETTERS, rows, token.format(DEAD_LETTERS.name))


def chunks(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Runs of records of at most CHUNK bytes, or of one record; the same cut of the same batch for ever."""
    begin = size = 0
    for nth, record in enumerate(records):
        length = len(record.value or b"")
        if size and size + length > CHUNK:
            yield records[begin:nth]
            begin, size = nth, 0
        size += length
    if begin < len(records):
        yield records[begin:]
