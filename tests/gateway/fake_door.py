"""A door without a world behind it: rows and receipts in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import SecretStr

from gateway.checks import Contract
from gateway.door import Door, Probe
from gateway.feed import Update
from gateway.meters import Meters
from gateway.publisher import Outgoing
from gateway.queries import Query
from gateway.slots import Slots
from gateway.store import Row
from sharedchain import dialects, flowcheck
from sharedchain.dictionary import load_dictionaries
from sharedchain.errors import ConnectionFailed
from sharedchain.outbox import Position
from sharedchain.schemas import Catalog, data_root

SECRET = "a secret for tests"
NOW = 1_777_600_000_000  # 2026-05-01T01:46:40Z


@dataclass
class FakeStore:
    """Answers a query with the rows filed under the first text that its SQL contains."""

    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[Query] = field(default_factory=list)
    down: bool = False

    async def rows(self, query: Query) -> list[Row]:
        if self.down:
            raise ConnectionFailed("ClickHouse at nowhere: refused")
        self.asked.append(query)
        return list(next((rows for text, rows in self.answers.items() if text in query.sql), []))

    async def ping(self) -> None:
        await self.rows(Query(sql="SELECT 1", parameters={}))


@dataclass
class FakePublisher:
    """Keeps what it was given; the offset is the place in `sent`."""

    sent: list[Outgoing] = field(default_factory=list)
    down: bool = False

    async def publish(self, outgoing: Sequence[Outgoing]) -> list[Position]:
        if self.down:
            raise ConnectionFailed("Kafka did not acknowledge within 10 s")
        receipts = []
        for one in outgoing:
            self.sent.append(one)
            receipts.append(Position(one.type.topic, 0, len(self.sent) - 1, one.envelope.id))
        return receipts


@dataclass
class FakeFeed:
    """Plays `updates` once, then is silent for ever or ends with `error`."""

    updates: list[Update | None] = field(default_factory=list)
    error: Exception | None = None
    followed: list[tuple[str, Mapping[int, int], bool]] = field(default_factory=list)

    async def follow(self, tenant: str, after: Mapping[int, int], *, beginning: bool) -> AsyncIterator[Update | None]:
        self.followed.append((tenant, after, beginning))
        for update in self.updates:
            yield update
        if self.error is not None:
            raise self.error


@cache
def contract() -> Contract:
    """The repository's own catalog and dictionaries, read once."""
    catalog, dictionaries = Catalog.load(), load_dictionaries()
    flows = flowcheck.load(data_root(), dictionaries)
    return Contract(catalog=catalog, dictionaries=dictionaries, dialects=dialects.ours(catalog, dictionaries, flows))


@dataclass
class Fakes:
    store: FakeStore = field(default_factory=FakeStore)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    feed: FakeFeed = field(default_factory=FakeFeed)
    probes: dict[str, Probe] = field(default_factory=dict)
    wall: Callable[[], int] = lambda: NOW

    def door(self) -> Door:
        meters = Meters()
        return Door(
            contract=contract(),
            store=self.store,
            publisher=self.publisher,
            feed=self.feed,
            probes=self.probes,
            link_secret=SecretStr(SECRET),
            wall=self.wall,
            meters=meters,
            streams=Slots(2, meters.streams),
        )
