"""Children that wait for their parent: found by identity, by parent, and by deadline."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from sharedchain.fact import Fact
from sharedchain.schemas import EventType
from streams.ingest import timers
from streams.ingest.book import Book, key
from streams.ingest.identity import told_by

PATIENCE = 86_400_000  # ms by the ticks of its scope
ORPHAN = "orphan"  # the timer of a deadline: (seq, name)


class Parked(NamedTuple):
    """A waiting fact, without its data: `value` is its framed bytes in hex,
    `told` the digest of its payload's identity."""

    partition: int
    seq: int
    scope: str
    source: str
    id: str
    type: str
    subject: str
    time: int
    tenant: str
    actor: str
    correlation: str
    causation: str
    backfill: bool
    src: str
    value: str
    told: str
    entity: str
    parent: str
    deadline: int
    traceparent: str = ""


def park(book: Book, fact: Fact, value: bytes, kind: EventType) -> None:
    """Remember a fact of kind `parked`; its type has a parent."""
    assert kind.parent, f"{kind.name} has no parent to wait for"
    told, _ = told_by(fact.scope, kind.name, fact.data, kind.identity)
    item = Parked(
        partition=fact.partition,
        seq=fact.seq,
        scope=fact.scope,
        source=fact.source,
        id=fact.id,
        type=fact.type,
        subject=fact.subject,
        time=fact.time,
        tenant=fact.tenant,
        actor=fact.actor,
        correlation=fact.correlation,
        causation=fact.causation,
        backfill=fact.backfill,
        src=fact.src,
        value=value.hex(),
        told=told.hex() if told else "",
        entity=kind.parent.entity,
        parent=str(fact.data[kind.parent.field]),
        deadline=fact.recorded + PATIENCE,
        traceparent=fact.traceparent,
    )
    name = name_of(item.scope, item.source, item.id)
    book.put(name, item)
    siblings = children_of(item.scope, item.entity, item.parent)
    book.put(siblings, [*(book.get(siblings) or ()), name])
    timers.put(book, item.partition, item.scope, item.deadline, ORPHAN, f"{item.seq:015d}", name)


def unpark(book: Book, scope: str, source: str, identity: str) -> Parked | None:
    """Forget a waiting fact; None when there was none."""
    item = waiting(book, scope, source, identity)
    if item:
        name = name_of(scope, source, identity)
        siblings = children_of(item.scope, item.entity, item.parent)
        others = [n for n in book.get(siblings) or () if n != name]
        book.put(siblings, others or None)
        book.put(name, None)
        timers.cancel(book, item.partition, item.scope, item.deadline, ORPHAN, f"{item.seq:015d}", name)
    return item


def waiting(book: Book, scope: str, source: str, identity: str) -> Parked | None:
    return _read(book.get(name_of(scope, source, identity)))


def children(book: Book, scope: str, entity: str, parent: str) -> list[Parked]:
    """Those who wait for this parent, in their order on the spine."""
    return [found(book, n) for n in book.get(children_of(scope, entity, parent)) or ()]


def found(book: Book, name: str) -> Parked:
    """The waiting fact that the book keeps under this name."""
    item = _read(book.get(name))
    assert item is not None, f"{name} is indexed and not there"
    return item


def _read(value: Any) -> Parked | None:
    return Parked(*value) if value else None


def name_of(scope: str, source: str, identity: str) -> str:
    """Where the book keeps a waiting fact."""
    return key("parked", scope, source, identity)


@lru_cache(1 << 14)
def children_of(scope: str, entity: str, parent: str) -> str:
    """Where the book keeps who waits for this parent."""
    return key("children", scope, entity, parent)
