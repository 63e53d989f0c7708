"""The one embedded engine of this process: handles, errors in ClickHouse's words, killing queries."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import chdb

from deploy.local.clickhouse.errors import ClickHouseError


class FolderTaken(Exception):
    """Another process has the data folder open, or it cannot be used."""


class Result(Protocol):
    def bytes(self) -> bytes: ...
    def rows_read(self) -> int: ...
    def bytes_read(self) -> int: ...


class Handle(Protocol):
    """What we use of chdb's Connection; its settings, temporary tables and database are its own."""

    def query(self, query: str | bytes, format: str = ..., params: Mapping[str, str] | None = ...) -> Any: ...  # noqa: A002
    def send_query(self, query: str, format: str = ...) -> Any: ...  # noqa: A002
    def send_insert(self, query: str, format: str = ...) -> Any: ...  # noqa: A002
    def close(self) -> None: ...


def literal(value: object) -> str:
    """A ClickHouse string literal."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    """A ClickHouse identifier in backquotes."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def run(handle: Handle, sql: str | bytes, params: Mapping[str, str] | None = None) -> Result:
    """Run one statement; its rows, if any, as TabSeparated. Raises ClickHouseError."""
    try:
        result: Result = handle.query(sql, "TSV", params=params)
    except Exception as raised:
        raise ClickHouseError.from_engine(raised) from None
    return result


def text(handle: Handle, sql: str) -> str:
    return run(handle, sql).bytes().decode().rstrip("\n")


class Engine:
    """Owns the data folder from construction to `close()`. Raises FolderTaken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = _lock(path)
        try:
            self._root = self._connect()
            _plain_default(self._root)
            facts = text(self._root, "SELECT version(), timezone(), hostName()").split("\t")
        except Exception as raised:
            raise FolderTaken(
                f"the engine cannot open {path}: {raised or 'its store is locked or damaged'}"
            ) from raised
        self.version, self.timezone, self.host = facts
        self._running: set[str] = set()
        self._guard = threading.Lock()

    def _connect(self) -> Handle:
        handle: Handle = chdb.connect(str(self.path))
        return handle

    def open(self) -> Handle:
        """A fresh handle (0.2 ms): nothing set on another one is seen on it."""
        return self._connect()

    @contextmanager
    def running(self, query_id: str) -> Iterator[None]:
        """Keep `query_id` while its statement runs. Raises 216 when it already runs."""
        with self._guard:
            if query_id in self._running:
                raise ClickHouseError(216, f"Query with id = {query_id} is already running.")
            self._running.add(query_id)
        try:
            yield
        finally:
            with self._guard:
                self._running.discard(query_id)

    def kill(self, query_id: str) -> None:
        """Ask the engine to stop the query; it names queries itself, so ours stand in log_comment."""
        killer = self.open()
        try:
            run(killer, f"KILL QUERY WHERE Settings['log_comment'] = {literal(query_id)} ASYNC")
        finally:
            killer.close()

    def kill_all(self) -> None:
        with self._guard:
            left = list(self._running)
        for query_id in left:
            self.kill(query_id)

    def close(self) -> None:
        self._root.close()
        self._lock.close()


def _plain_default(root: Handle) -> None:
    """Make `default` an ordinary database, as on a server.

    chDB lays the file system under it, so that a table name like `/etc/passwd` reads that file. Its tables
    stay: the folder keeps the database's UUID, and chDB finds it again at the next start.
    """
    uuid = text(root, "SELECT uuid FROM system.databases WHERE name = 'default' AND engine = 'Overlay'")
    if uuid:
        run(root, "DETACH DATABASE default")
        run(root, f"ATTACH DATABASE default UUID {literal(uuid)} ENGINE = Atomic")


def _lock(path: Path) -> IO[str]:
    """One process per folder; the kernel gives the lock back however the process ends."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (path / "owner.lock").open("a+")
    except OSError as raised:
        raise FolderTaken(f"the data folder {path} cannot be used: {raised.strerror}") from raised
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise FolderTaken(
            f"another process (pid {owner}) has the data folder {path} open: stop it or choose another --path"
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
