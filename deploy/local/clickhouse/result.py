"""A query's result as a stream of bytes, in any format, under back-pressure.

The engine writes `<query> INTO OUTFILE '<fifo>' APPEND FORMAT f` in a helper thread; we read the other
end. So every format comes as the one document it is, and a slow reader slows the engine. When the
client goes, the query is killed.
"""

from __future__ import annotations

import fcntl
import os
import select
import threading
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

from deploy.local.clickhouse.engine import Engine, Handle, Result, literal, run
from deploy.local.clickhouse.errors import ClickHouseError
from deploy.local.clickhouse.lex import Statement

_PIPE = 1 << 20  # bytes; the default limit for an unprivileged pipe
_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)
_POLLRDHUP = getattr(select, "POLLRDHUP", 0x2000)


class ClientGone(ConnectionError):
    """The client closed its connection while its query ran."""


class Query:
    """One SELECT on one handle. Iterate `chunks()` once; `done` holds the engine's counts afterwards."""

    def __init__(self, engine: Engine, handle: Handle, query_id: str, client: int, folder: Path) -> None:
        self._engine, self._handle, self._query_id = engine, handle, query_id
        self._client = client  # file descriptor of the client's socket
        self._folder = folder
        self.done: Result | None = None
        self._error: ClickHouseError | None = None

    def chunks(self, statement: Statement, format_name: str, params: Mapping[str, str]) -> Generator[bytes, None, None]:
        """Raises ClickHouseError (also in the middle) and ClientGone; closing it early kills the query."""
        fifo = self._folder / os.urandom(12).hex()
        sql = statement.head + f"\nINTO OUTFILE {literal(fifo)} APPEND FORMAT {format_name} ".encode() + statement.tail
        os.mkfifo(fifo, 0o600)
        # Opened before the query starts, so that the engine's own open never waits for a reader.
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        wake, bell = os.pipe()
        worker = threading.Thread(target=self._work, args=(sql, params, bell), daemon=True)
        try:
            fcntl.fcntl(reader, _F_SETPIPE_SZ, _PIPE)
            worker.start()
            yield from self._read(reader, wake)
        finally:
            os.close(reader)  # the engine gets EPIPE at its next write
            self._end(worker)
            os.close(wake)
            os.close(bell)
            fifo.unlink()

    def _work(self, sql: bytes, params: Mapping[str, str], bell: int) -> None:
        try:
            self.done = run(self._handle, sql, params)
        except ClickHouseError as raised:
            self._error = raised
        os.write(bell, b"x")

    def _read(self, reader: int, wake: int) -> Iterator[bytes]:
        poll = select.poll()
        poll.register(reader, select.POLLIN)
        poll.register(wake, select.POLLIN)
        poll.register(self._client, _POLLRDHUP)
        watching = True
        while True:
            events = dict(poll.poll())
            if self._client in events:
                raise ClientGone("the client is gone")
            if watching:
                yield from _drain(reader)
            if wake in events:
                if self._error is not None:
                    raise self._error
                return
            if watching and events.get(reader, 0) & select.POLLHUP:
                poll.unregister(reader)  # a closed writer would wake us for ever
                watching = False

    def _end(self, worker: threading.Thread) -> None:
        worker.join(0.05)
        while worker.is_alive():
            self._engine.kill(self._query_id)
            worker.join(0.2)


def _drain(reader: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(reader, _PIPE)
        except BlockingIOError:
            return
        if not data:
            return
        yield data
