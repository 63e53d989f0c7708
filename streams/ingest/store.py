"""The lane's book: a cache of the spine, kept in `HOME/ingest/lane<k>.sqlite`.

It holds the fold of the spine up to a mark for each partition. Losing it costs only time, so what
was adopted waits in memory and reaches the disk now and then: a recovery folds again what the file
lacks.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from streams.ingest.book import LAST, Journal
from streams.ingest.disk import Disk, Mark

_HOT = ("head/", "scope/", "config/")  # few, and read for every record
_MANY = 40_000  # changes that wait in memory
_LONG = 1.0  # seconds that a change waits while the lane is busy


class Store:
    """A Book that takes whole journals (`adopt`) and brings them to the disk (`write`)."""

    def __init__(self, file: Path | str) -> None:
        """Open or create; raises sqlite3.Error for a file that cannot be used."""
        self._disk = Disk(file)
        self._hot: dict[str, Any] = {}
        self._begin()
        for prefix in _HOT:
            self._hot.update((name, self._disk.get(name)) for name in self._disk.names(prefix))

    def get(self, name: str) -> Any:
        return self._hot.get(name) if name.startswith(_HOT) else self._fresh.get(name)

    def names(self, prefix: str, below: str = "") -> list[str]:
        if prefix.startswith(_HOT):
            end = prefix + (below or LAST)
            return sorted(n for n, value in self._hot.items() if value is not None and prefix <= n < end)
        return self._fresh.names(prefix, below)

    def content(self, identity: bytes) -> bytes | None:
        return self._fresh.content(identity)

    def put(self, name: str, value: Any) -> None:
        """Set one value outside of any turn; None removes."""
        change = Journal(self)
        change.put(name, value)
        self.adopt(change, {})
        self.write()

    def foresee(self, names: Iterable[str], identities: Iterable[bytes]) -> None:
        """What a turn is likely to ask, read ahead together; it may ask anything else too."""
        values, known = self._fresh.values, self._fresh.identities
        self._disk.foresee((n for n in names if n not in values), (i for i in identities if i not in known))

    def marks(self) -> dict[int, Mark]:
        """Up to where the spine is folded, in memory or on disk."""
        return self._disk.marks() | self._marks

    def adopt(self, journal: Journal, marks: dict[int, Mark]) -> None:
        """Take a journal and move the marks, as one."""
        self._fresh.absorb(journal)
        self._hot.update((n, value) for n, value in journal.values.items() if n.startswith(_HOT))
        self._marks |= marks

    def due(self) -> bool:
        """Whether much waits for the disk, or something for long."""
        waits = len(self._fresh.values) + len(self._fresh.identities)
        return waits > _MANY or (waits > 0 and time.monotonic() - self._written > _LONG)

    def write(self) -> None:
        """Bring everything to the disk. Raises Fenced when a successor took the file over."""
        if self._fresh.values or self._fresh.identities or self._marks:
            self._disk.write(self._fresh, self._marks)
        self._begin()

    def clear(self) -> None:
        """Forget everything: the spine will tell it again."""
        self._disk.clear()
        self._hot = {}
        self._begin()

    def close(self) -> None:
        """Without writing: see `write`."""
        self._disk.close()

    def _begin(self) -> None:
        self._fresh = Journal(self._disk)
        self._marks: dict[int, Mark] = {}
        self._written = time.monotonic()


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
