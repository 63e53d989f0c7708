"""Batches → ClickHouse, each exactly once: the token is the batch's name, and the name is the record set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from sharedchain.codec import Codec
from sharedchain.errors import ConnectionFailed
from sinks.batch import Batch
from sinks.clickhouse.feeds import Read, rows_of
from sinks.clickhouse.rows import Row, Table
from sinks.runner import Done, Later


class Inserts(Protocol):
    """Puts rows under a token; ConnectionFailed means: not known whether they are in."""

    def insert(self, table: Table, rows: list[Row], token: str) -> None: ...


class ClickHouseSink:
    """A `sinks.runner.Sink`. Stateless between batches: a restart changes nothing."""

    def __init__(self, store: Inserts, codec: Codec, feeds: Mapping[str, tuple[Table, Read]]) -> None:
        self._store = store
        self._codec = codec
        self._feeds = feeds

    def assigned(self, ours: Callable[[], bool]) -> None:
        """Nothing to remember; what is written twice is dropped by its token."""

    def write(self, batch: Batch) -> Done | Later:
        epoch, _, name = batch.name.partition(":")
        try:
            for table, rows in rows_of(self._codec, self._feeds[batch.place[0]], batch):
                self._store.insert(table, rows, f"{epoch}:{table.name}:{name}")
        except ConnectionFailed as error:
            return Later(str(error))
        return Done()
