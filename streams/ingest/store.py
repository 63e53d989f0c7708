"""The lane's book on disk: a cache of the spine, `HOME/ingest/lane<k>.sqlite`.

It holds the fold of the spine up to a mark for each partition. Losing it costs only time. Each
opening takes it over: whoever had it before can write no more (a frozen predecessor may wake up).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from sharedchain.errors import Fenced
from streams.ingest.book import Journal

FORMAT = "ingest-1"  # another fold or another layout: another name, and the cache is built anew
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (partition INTEGER PRIMARY KEY, seq INTEGER, offset INTEGER, id TEXT);
CREATE TABLE IF NOT EXISTS value (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identity (digest BLOB PRIMARY KEY, content BLOB) WITHOUT ROWID;
"""
_HOT = ("head/", "scope/", "config/")  # few, and read for every record


class Mark(NamedTuple):
    """The last spine record of a partition that the cache has folded."""

    seq: int
    offset: int
    id: str


class Store:
    """A Book in SQLite. Changes come as a whole: `adopt`."""

    def __init__(self, file: Path | str) -> None:
        """Open or create; raises sqlite3.Error for a file that cannot be used."""
        self._db = sqlite3.connect(file, timeout=2.0, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA cache_size=-16384")
        self._db.executescript(_TABLES)
        if self._meta("format") not in (None, FORMAT):
            self.clear()
        self._own = self._take_over()
        self._hot: dict[str, Any] = {}
        self._warm()

    def get(self, name: str) -> Any:
        if name.startswith(_HOT):
            return self._hot.get(name)
        row = self._db.execute("SELECT value FROM value WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def names(self, prefix: str) -> list[str]:
        if prefix.startswith(_HOT):
            return sorted(n for n in self._hot if n.startswith(prefix))
        rows = self._db.execute(
            "SELECT name FROM value WHERE name >= ? AND name < ? ORDER BY name", (prefix, prefix + "\U0010ffff")
        )
        return [row[0] for row in rows]

    def content(self, identity: bytes) -> bytes | None:
        row = self._db.execute("SELECT content FROM identity WHERE digest = ?", (identity,)).fetchone()
        return row[0] if row else None

    def put(self, name: str, value: Any) -> None:
        if name.startswith(_HOT):
            if value is None:
                self._hot.pop(name, None)
            else:
                self._hot[name] = value
        if value is None:
            self._db.execute("DELETE FROM value WHERE name = ?", (name,))
        else:
            self._db.execute("REPLACE INTO value VALUES (?, ?)", (name, json.dumps(value)))

    def remember(self, identity: bytes, content: bytes | None) -> None:
        if content is None:
            self._db.execute("DELETE FROM identity WHERE digest = ?", (identity,))
        else:
            self._db.execute("REPLACE INTO identity VALUES (?, ?)", (identity, content))

    def marks(self) -> dict[int, Mark]:
        return {p: Mark(*rest) for p, *rest in self._db.execute("SELECT partition, seq, offset, id FROM mark")}

    def adopt(self, journal: Journal, marks: dict[int, Mark]) -> None:
        """Pour a journal and move the marks, as one. Raises Fenced when a successor took the file over."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if self._meta("owner") != str(self._own):
                raise Fenced("another process of this lane took over its cache")
            journal.pour(self)
            rows: Iterable[tuple[int, int, int, str]] = ((p, m.seq, m.offset, m.id) for p, m in marks.items())
            self._db.executemany("REPLACE INTO mark VALUES (?, ?, ?, ?)", rows)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def clear(self) -> None:
        """Forget everything: the spine will tell it again."""
        for table in ("value", "identity", "mark"):
            self._db.execute(f"DELETE FROM {table}")
        self._hot = {}

    def close(self) -> None:
        self._db.close()

    def _take_over(self) -> int:
        self._db.execute("BEGIN IMMEDIATE")
        own = int(self._meta("owner") or 0) + 1
        self._db.execute("REPLACE INTO meta VALUES ('owner', ?), ('format', ?)", (str(own), FORMAT))
        self._db.execute("COMMIT")
        return own

    def _warm(self) -> None:
        for prefix in _HOT:
            rows = self._db.execute(
                "SELECT name, value FROM value WHERE name >= ? AND name < ?", (prefix, prefix + "\U0010ffff")
            )
            self._hot.update((name, json.loads(value)) for name, value in rows)

    def _meta(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None


def open_store(file: Path) -> Store:
    """The cache at `file`; a broken one is thrown away. When a frozen predecessor holds its lock,
    a cache in memory: it is only a cache."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        return Store(file)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return Store(":memory:")
        raise
    except sqlite3.DatabaseError:
        for part in file.parent.glob(file.name + "*"):
            part.unlink()
        return Store(file)
