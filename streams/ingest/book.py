"""What a lane remembers: a map of small values and a map of identities, with a journal over it.

A turn writes into a Journal; the journal is poured into the book beneath it only after the Kafka
transaction committed, so an aborted turn leaves no trace.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

TIMER = "timer/"  # what every tick looks through: see `timers`
LAST = "\U0010ffff"  # behind every name


def key(*parts: str | int) -> str:
    """One text for a path of parts. Unambiguous: a `/` inside a part is escaped."""
    return "/".join(
        [
            (p if "/" not in p and "%" not in p else p.replace("%", "%25").replace("/", "%2F"))
            if isinstance(p, str)
            else str(p)
            for p in parts
        ]
    )


@lru_cache(1 << 14)
def place(kind: str, partition: int, *names: str) -> str:
    """`key` for the few names that every record asks for."""
    return key(kind, partition, *names)


class Pages(Protocol):
    """A book that can be read. Values are JSON values; None is «not there»."""

    def get(self, name: str) -> Any: ...

    def names(self, prefix: str, below: str = "") -> list[str]:
        """All names that begin with `prefix`, sorted; with `below` only those before `prefix + below`."""

    def content(self, identity: bytes) -> bytes | None:
        """Content digest remembered for an identity digest."""


class Book(Pages, Protocol):
    """A book that can be written too."""

    def put(self, name: str, value: Any) -> None:
        """Set; None removes."""

    def remember(self, identity: bytes, content: bytes | None) -> None:
        """None forgets."""


class MemoryBook:
    """A Book in two dicts."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.identities: dict[bytes, bytes] = {}

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def put(self, name: str, value: Any) -> None:
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = value

    def names(self, prefix: str, below: str = "") -> list[str]:
        end = prefix + (below or LAST)
        return sorted(n for n in self.values if prefix <= n < end)

    def content(self, identity: bytes) -> bytes | None:
        return self.identities.get(identity)

    def remember(self, identity: bytes, content: bytes | None) -> None:
        if content is None:
            self.identities.pop(identity, None)
        else:
            self.identities[identity] = content


class Journal:
    """A Book of changes over another one, which stays untouched."""

    def __init__(self, under: Pages) -> None:
        self._under = under
        self.values: dict[str, Any] = {}
        self.identities: dict[bytes, bytes | None] = {}
        self._timers: set[str] = set()  # the names of `values` that every tick asks for

    def get(self, name: str) -> Any:
        return self.values[name] if name in self.values else self._under.get(name)

    def put(self, name: str, value: Any) -> None:
        self.values[name] = value
        if name.startswith(TIMER):
            self._timers.add(name)

    def names(self, prefix: str, below: str = "") -> list[str]:
        end = prefix + (below or LAST)
        own = self._timers if prefix.startswith(TIMER) else self.values
        found = [n for n in self._under.names(prefix, below) if n not in self.values]
        return sorted(found + [n for n in own if prefix <= n < end and self.values[n] is not None])

    def content(self, identity: bytes) -> bytes | None:
        return self.identities[identity] if identity in self.identities else self._under.content(identity)

    def remember(self, identity: bytes, content: bytes | None) -> None:
        self.identities[identity] = content

    def absorb(self, later: Journal) -> None:
        """Take the changes of a journal that was written over this one."""
        self.values.update(later.values)
        self._timers |= later._timers
        self.identities.update(later.identities)

    def pour(self, into: Book) -> None:
        """Write every change into a book."""
        for name, value in self.values.items():
            into.put(name, value)
        for identity, content in self.identities.items():
            into.remember(identity, content)
