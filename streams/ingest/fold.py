"""The lane's state as a fold of the spine. Live and recovering lanes fold the same facts alike."""

from __future__ import annotations

from collections.abc import Mapping

from sharedchain.fact import Fact
from sharedchain.schemas import EventType
from sharedchain.scope import EVERY_WALL_SCOPE, SYSTEM
from streams.ingest import config, lifecycle, parked, scopes
from streams.ingest.book import Book
from streams.ingest.identity import Known, content_of, digest, told_by

REJECTED = "record.rejected"


def fold(book: Book, types: Mapping[str, EventType], fact: Fact, value: bytes, known: Known | None = None) -> None:
    """Take one spine record; `value` is its framed bytes. `known` spares making its digests again."""
    _clocks(book, fact)
    match fact.kind:
        case "config":
            _define(book, fact)
            remember(book, known or _known(types[fact.type], fact, value))
        case "parked":
            kind = types[fact.type]
            remember(book, known or _known(kind, fact, value))
            parked.park(book, fact, value, kind)
        case "fact":
            kind = types[fact.type]
            remember(book, known or _known(kind, fact, value))
            if kind.parent:
                parked.unpark(book, fact.scope, fact.source, fact.id)
            lifecycle.fold(book, kind, fact)
        case "refusal":
            book.remember(bytes.fromhex(fact.id), b"")
            if item := _refused_child(book, fact):
                parked.unpark(book, item.scope, item.source, item.id)
                forget(book, item)
        case "tick" if fact.scope != EVERY_WALL_SCOPE:
            remember(book, known or _known(types[fact.type], fact, value))


def remember(book: Book, known: Known) -> None:
    """Know this event again by both of its identities."""
    book.remember(known.named, known.content)
    if known.told:
        book.remember(known.told, known.content)


def _known(kind: EventType, fact: Fact, value: bytes) -> Known:
    told, _ = told_by(fact.scope, kind.name, fact.data, kind.identity)
    return Known(digest("named", fact.scope, fact.source, fact.id), told, content_of(value))


def forget(book: Book, item: parked.Parked) -> None:
    """A waiting child was refused after all: repaired, it may come again under its name."""
    book.remember(digest("named", item.scope, item.source, item.id), None)
    if item.told:
        book.remember(bytes.fromhex(item.told), None)


def _refused_child(book: Book, fact: Fact) -> parked.Parked | None:
    """The waiting child that this refusal is about. Another record under its name is not it."""
    data = fact.data
    item = parked.waiting(book, fact.scope, data["original_source"], data["original_id"])
    place = f"{data['original_topic']}/{data['original_partition']}/{data['original_offset']}"
    return item if item and item.src == place else None


def _define(book: Book, fact: Fact) -> None:
    tenant = fact.data["name"] if fact.data["kind"] == "tenant" else None
    zone = config.tenant(book, fact.partition, tenant).timezone if tenant else ""
    config.define(book, fact.partition, fact.data)
    if tenant and config.tenant(book, fact.partition, tenant).timezone != zone:
        lifecycle.rezoned(book, fact)


def _clocks(book: Book, fact: Fact) -> None:
    head = scopes.head(book, fact.partition)
    recorded, tick = head.recorded, head.tick
    if fact.scope in (EVERY_WALL_SCOPE, SYSTEM):
        recorded = max(recorded, fact.recorded)
        tick = fact.data["n"] if fact.kind == "tick" else tick
    else:
        there = scopes.known(book, fact.partition, fact.scope)
        scope = there or scopes.of(book, fact.partition, fact.scope)
        if scope.mode == "wall":
            recorded = max(recorded, fact.recorded)
        else:
            last = fact.recorded if fact.kind == "tick" else scope.tick
            scope = scopes.Scope(scope.mode, fact.recorded, last)
        if scope is not there:  # a wall scope stays as its first record made it
            scopes.put(book, fact.partition, fact.scope, scope)
    scopes.set_head(book, fact.partition, scopes.Head(fact.seq, recorded, tick))
