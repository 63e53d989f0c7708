"""A book in a SQLite file, with a mark of how far it has folded each partition of the spine.

Each opening takes the file over: whoever had it before can write no more (a frozen predecessor may
wake up).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sharedchain.errors import Fenced
from streams.ingest.book import LAST, Journal

T = TypeVar("T")
FORMAT = "ingest-3"  # another fold or another layout: another name, and the file is begun anew
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (partition INTEGER PRIMARY KEY, seq INTEGER, offset INTEGER, id TEXT);
CREATE TABLE IF NOT EXISTS value (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identity (digest BLOB PRIMARY KEY, content BLOB) WITHOUT ROWID;
"""
_text = json.JSONEncoder(check_circular=False).encode  # values are trees
_PORTIONS = (500, 60, 8)  # rows asked for by one statement: few sizes, so that SQLite parses few


class Mark(NamedTuple):
    """The last spine record of a partition that was folded."""

    seq: int
    offset: int
    id: str


class Disk:
    """What the file holds; `foresee` reads ahead for the questions to come."""

    def __init__(self, file: Path | str) -> None:
        """Open or create; raises sqlite3.Error for a file that cannot be used."""
        self._db = sqlite3.connect(file, timeout=2.0, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA cache_size=-16384")
        self._db.executescript(_TABLES)
        self._values: dict[str, Any] = {}
        self._identities: dict[bytes, bytes | None] = {}
        if self._meta("format") not in (None, FORMAT):
            self.clear()
        self._own = self._take_over()

    def get(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        row = self._db.execute("SELECT value FROM value WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def names(self, prefix: str, below: str = "") -> list[str]:
        asked = (prefix, prefix + (below or LAST))
        rows = self._db.execute("SELECT name FROM value WHERE name >= ? AND name < ? ORDER BY name", asked)
        return [row[0] for row in rows]

    def content(self, identity: bytes) -> bytes | None:
        if identity in self._identities:
            return self._identities[identity]
        row = self._db.execute("SELECT content FROM identity WHERE digest = ?", (identity,)).fetchone()
        return row[0] if row else None

    def foresee(self, names: Iterable[str], identities: Iterable[bytes]) -> None:
        """Read these in few statements; they are known until the next call or the next `write`."""
        self._values, self._identities = dict.fromkeys(names), dict.fromkeys(identities)
        for some in _portions(list(self._values)):
            asked = f"SELECT name, value FROM value WHERE name IN ({','.join('?' * len(some))})"
            self._values.update((name, json.loads(value)) for name, value in self._db.execute(asked, some))
        for few in _portions(list(self._identities)):
            asked = f"SELECT digest, content FROM identity WHERE digest IN ({','.join('?' * len(few))})"
            self._identities.update(self._db.execute(asked, few))

    def marks(self) -> dict[int, Mark]:
        return {p: Mark(*rest) for p, *rest in self._db.execute("SELECT partition, seq, offset, id FROM mark")}

    def write(self, journal: Journal, marks: Mapping[int, Mark]) -> None:
        """Changes and marks, as one. Raises Fenced when a successor took the file over."""
        self._values, self._identities = {}, {}
        values, identities = sorted(journal.values.items()), sorted(journal.identities.items())
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if self._meta("owner") != str(self._own):
                raise Fenced("another process of this lane took over its cache")
            many = self._db.executemany
            many("DELETE FROM value WHERE name = ?", [(n,) for n, v in values if v is None])
            many("REPLACE INTO value VALUES (?, ?)", [(n, _text(v)) for n, v in values if v is not None])
            many("DELETE FROM identity WHERE digest = ?", [(i,) for i, c in identities if c is None])
            many("REPLACE INTO identity VALUES (?, ?)", [(i, c) for i, c in identities if c is not None])
            many("REPLACE INTO mark VALUES (?, ?, ?, ?)", [(p, *mark) for p, mark in marks.items()])
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def clear(self) -> None:
        """Forget everything: the spine will tell it again."""
        for table in ("value", "identity", "mark"):
            self._db.execute(f"DELETE FROM {table}")
        self._values, self._identities = {}, {}

    def close(self) -> None:
        self._db.close()

    def _take_over(self) -> int:
        self._db.execute("BEGIN IMMEDIATE")
        own = int(self._meta("owner") or 0) + 1
        self._db.execute("REPLACE INTO meta VALUES ('owner', ?), ('format', ?)", (str(own), FORMAT))
        self._db.execute("COMMIT")
        return own

    def _meta(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None


def _portions(asked: Sequence[T]) -> Iterator[list[T]]:
    """Pieces of the sizes in _PORTIONS; the last one is filled up with its own last element."""
    at = 0
    while at < len(asked):
        left = len(asked) - at
        size = next((s for s in _PORTIONS if s <= left), _PORTIONS[-1])
        piece = list(asked[at : at + size])
        yield piece + [piece[-1]] * (size - len(piece))
        at += size
