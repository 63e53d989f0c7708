"""Ingest without Kafka: real schemas and codec, a registry in a dict, turns adopted at once."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sharedchain.codec import Codec
from sharedchain.config import bundle, item
from sharedchain.envelope import rfc3339
from sharedchain.errors import ConnectionFailed, Reason, Refused
from sharedchain.fact import Derived, Fact
from sharedchain.schemas import Catalog
from sharedchain.scope import PARTITIONS
from sharedchain.spine import derived_record
from streams.ingest import ticks
from streams.ingest.book import MemoryBook
from streams.ingest.decide import decide
from streams.ingest.fold import fold
from streams.ingest.record import Record
from streams.ingest.turn import Turn

CATALOG = Catalog.load()
NOW = 1_777_000_000_000  # 2026-04-24T03:06:40Z
MINUTE, DAY = 60_000, 86_400_000


class Shelf:
    """A registry in two dicts; `down` makes it fail as a silent peer would."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.down = False

    def schema_by_id(self, schema_id: int) -> str:
        if self.down:
            raise ConnectionFailed("the registry does not answer")
        if not 0 < schema_id <= len(self.texts):
            raise Refused("unknown_schema", f"no schema {schema_id}")
        return self.texts[schema_id - 1]

    def register(self, subject: str, schema: str) -> int:
        if schema not in self.texts:
            self.texts.append(schema)
        return self.texts.index(schema) + 1


class Rig:
    """A lane that owns `owned`; `publish` is one record and one turn."""

    def __init__(self, owned: tuple[int, ...] = tuple(range(PARTITIONS)), *, words: bool = True) -> None:
        self.shelf = Shelf()
        self.codec = Codec(self.shelf, CATALOG)
        self.book = MemoryBook()
        self.owned = owned
        self.now = NOW
        self.aborts = 0  # turns that are lost before each one that is kept
        self.spine: list[tuple[Fact, bytes]] = []
        self.last = Turn(self.book, CATALOG, self.codec, owned, NOW)
        self._offset = 0
        if words:
            spine = _deciding()
            self.shelf.texts.append(CATALOG.types["config.defined"].schema_text)
            for fact, value in spine:
                if fact.partition in owned:
                    fold(self.book, CATALOG.types, fact, value)
                    self.spine.append((fact, value))

    def config(self, kind: str, name: str, body: Any) -> list[Fact]:
        return self.publish("config.defined", item(kind, name, body).said)

    def publish(self, kind: str, data: Mapping[str, Any], **said: Any) -> list[Fact]:
        """Encode with our schema and take it; `said`: ce_ attributes without their prefix."""
        own = CATALOG.types[kind]
        full = {f["name"]: f.get("default") for f in own.schema["fields"]} | dict(data)
        return self.take(own.topic, self.codec.encode(own, full), **said)

    def command(self, derived: Derived) -> list[Fact]:
        """What a rule commands, as the engine writes it."""
        record = derived_record(self.codec, derived)
        said = {n.removeprefix("ce_"): v for n, v in record.headers if n.startswith("ce_")}
        return self.take(record.topic, record.value, key=record.key, **said)

    def take(self, topic: str, value: bytes | None, *, key: bytes | None = None, **said: Any) -> list[Fact]:
        """One record with these bytes through one turn; the facts it became."""
        if isinstance(said.get("time"), int):
            said["time"] = rfc3339(said["time"])
        headers = tuple((f"ce_{n}", v if isinstance(v, bytes) else str(v).encode()) for n, v in said.items())
        self._offset += 1
        self.record = Record(topic, 0, self._offset, key, value, headers, self.now)
        for _ in range(self.aborts):
            self.lose()
        turn = self.turn()
        decide(turn, self.record)
        return self.adopt(turn)

    def lose(self) -> None:
        """The last record's turn is decided once more and aborted: nobody may see a trace of it."""
        decide(self.turn(), self.record)

    def recovered(self) -> MemoryBook:
        """A book folded from the spine alone."""
        book = MemoryBook()
        for fact, value in self.spine:
            fold(book, CATALOG.types, fact, value)
        return book

    def turn(self) -> Turn:
        return Turn(self.book, CATALOG, self.codec, self.owned, self.now)

    def tick(self, at: int) -> list[Fact]:
        """Wall ticks for the second of `at`."""
        self.now = at
        turn = self.turn()
        for partition in ticks.due(turn.book, self.owned, at // 1000):
            ticks.tick(turn, partition, at // 1000, 1000)
        return self.adopt(turn)

    def adopt(self, turn: Turn) -> list[Fact]:
        turn.book.pour(self.book)
        self.last = turn
        self.spine += [(e.fact, e.value) for e in turn.entries]
        return [e.fact for e in turn.entries]

    def drive(self, tenant: str, at: int | None = None) -> None:
        """Make a tenant live by a driven clock; tick it once if `at` is given."""
        self.config("tenant", tenant, {"mode": "driven"})
        if at is not None:
            self.publish("clock.ticked", {"at": at, "n": 1}, tenant=tenant)


@lru_cache
def _deciding() -> list[tuple[Fact, bytes]]:
    """Every dictionary and flow as configuration on the spine; made once, it is always the same."""
    rig = Rig(words=False)
    for one in bundle():
        if one.kind in ("dictionary", "flow"):
            rig.publish("config.defined", one.said)
    return rig.spine


def lead(lead_id: str = "L-1", **changes: Any) -> dict[str, Any]:
    return {
        "lead_id": lead_id,
        "customer_industry": "AUTOMOTIVE",
        "demand_type": "NEW",
        "expected_amount": Decimal("100.00"),
        "prospect_name": "Example",
        "owner_id": "E-1",
    } | changes


def forecast(version: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "forecast_id": "F-1",
        "version": version,
        "period": "2026Q2",
        "org_id": "O-1",
        "region": "CN",
        "owner_id": "E-1",
        "currency": "CNY",
        "lines": [line()],
    } | changes


def line(**changes: Any) -> dict[str, Any]:
    names = ("line_id", "basis", "opportunity_id", "product_id", "quantity", "amount", "expected_date", "confidence")
    said = {"line_id": "1", "basis": "PROJECT", "opportunity_id": "P-1", "amount": Decimal("5.00")} | changes
    return {**dict.fromkeys((*names, "rationale")), **said}


def reason(facts: list[Fact]) -> Reason:
    """Why the one refusal among them was refused."""
    (refusal,) = [f for f in facts if f.kind == "refusal"]
    found: Reason = refusal.data["reason"]
    return found
