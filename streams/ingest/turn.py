"""One turn of the lane: what the records of a batch become, before anything is written.

A Turn holds a journal over the lane's book, the spine records to append in order, and the dead
letters. It does no I/O; the lane writes it in one Kafka transaction, then pours the journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sharedchain.codec import Decoded
from sharedchain.dictionary import Dictionary
from sharedchain.errors import Reason
from sharedchain.fact import Fact, Kind
from sharedchain.schemas import Catalog, EventType
from sharedchain.scope import EVERY_WALL_SCOPE, SYSTEM
from streams.ingest import config, scopes
from streams.ingest.book import Journal, Pages
from streams.ingest.fold import fold
from streams.ingest.identity import Known
from streams.ingest.record import Record


class Words(Protocol):
    """What a turn needs of `sharedchain.codec.Codec`."""

    def encode(self, kind: EventType, data: Mapping[str, Any]) -> bytes: ...

    def decode(self, topic: str, value: bytes | None) -> Decoded: ...

    def decode_ours(self, value: bytes) -> Decoded: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One spine record to append; with `live` its twin goes to the topic of its type."""

    fact: Fact
    value: bytes
    live: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One refused record. `record` None: its bytes lie at `place` in their topic; `ours` is what we
    made of them, should retention have taken them meanwhile."""

    place: str
    record: Record | None
    refusal: Fact
    reason: Reason
    ours: bytes = b""


@dataclass
class Turn:
    """`now` is the wall clock, milliseconds; `owned` the spine partitions of this lane."""

    under: Pages
    catalog: Catalog
    codec: Words
    owned: tuple[int, ...]
    now: int
    entries: list[Entry] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # (outcome, topic)
    book: Journal = field(init=False)
    _words: dict[tuple[int, str], dict[str, Dictionary]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.book = Journal(self.under)

    def append(
        self,
        *,
        kind: Kind,
        partition: int,
        scope: str,
        recorded: int,
        value: bytes,
        known: Known | None = None,
        live: bool = False,
        **said: Any,
    ) -> Fact:
        """Number a record, fold it, and put it at the end of the turn."""
        fact = Fact(
            kind=kind,
            partition=partition,
            scope=scope,
            seq=scopes.head(self.book, partition).seq + 1,
            recorded=recorded,
            **said,
        )
        fold(self.book, self.catalog.types, fact, value, known)
        self.entries.append(Entry(fact, value, live))
        if kind == "config":
            self._words.clear()
        return fact

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """All or nothing: an exception takes back every record appended within, and its traces."""
        under, length = self.book, len(self.entries)
        self.book = Journal(under)
        try:
            yield
        except BaseException:
            del self.entries[length:]
            self.book = under
            raise
        under.absorb(self.book)
        self.book = under

    def words(self, partition: int, kind: EventType) -> dict[str, Dictionary]:
        """The dictionaries that a type needs, as the log defines them for a partition now."""
        known = self._words.get((partition, kind.name))
        if known is None:
            known = config.dictionaries(self.book, partition, set(kind.terms.values()))
            self._words[partition, kind.name] = known
        return known

    def clock(self, partition: int, scope: str) -> int:
        """The recorded time that a record of this scope gets now; 0 = a driven scope without a tick."""
        head = scopes.head(self.book, partition)
        if scope in (SYSTEM, EVERY_WALL_SCOPE):
            return max(head.recorded, self.now)
        return scopes.of(self.book, partition, scope).now(head, self.now)
