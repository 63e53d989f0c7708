"""The lifecycle: what may follow what, what follows by itself, and what is there now.

Pure functions over the lane's book. An entity is created once; its children wait for it; each type of
event has its `Step` in `table`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharedchain.errors import Refused
from sharedchain.fact import Fact
from sharedchain.schemas import EventType
from streams.ingest.book import Book
from streams.ingest.lifecycle import entity, overdue
from streams.ingest.lifecycle.event import Asked, Told
from streams.ingest.lifecycle.table import NOTHING, STEPS


def lacks_parent(book: Book, kind: EventType, scope: str, data: Mapping[str, Any]) -> bool:
    """Whether this event speaks of an entity that nobody created yet."""
    parent = entity.parent_of(kind, data)
    return parent is not None and entity.read(book, parent[0], scope, parent[1]) is None


def check(book: Book, kind: EventType, partition: int, scope: str, data: Mapping[str, Any], time: int) -> None:
    """Raises Refused when the event cannot follow what is there. Its parent is known."""
    if kind.creates and entity.read(book, kind.creates, scope, data[kind.subject]) is not None:
        told = f"{kind.creates} {data[kind.subject]} exists and stands: another one needs another {kind.subject}"
        raise Refused("domain", told, kind.subject, str(data[kind.subject]))
    step = STEPS.get(kind.name, NOTHING)
    if step.check:
        step.check(book, Asked(kind.name, partition, scope, data, time))


def derives(name: str) -> bool:
    """Whether facts of this type may bring others about."""
    return STEPS.get(name, NOTHING).follow is not None


def follow(book: Book, fact: Fact) -> list[Told]:
    """What a fact brings about, in order; the fact is folded already. Raises Refused when that cannot be."""
    step = STEPS.get(fact.type, NOTHING)
    return step.follow(book, fact) if step.follow else []


def fold(book: Book, kind: EventType, fact: Fact) -> None:
    """Take one accepted fact. What creates an entity and has no step of its own leaves it open."""
    step = STEPS.get(fact.type, NOTHING)
    if step.fold:
        step.fold(book, fact)
    elif kind.creates:
        owner = str(fact.data.get(kind.owner_field or "") or "")
        found = entity.Head(entity.OPEN, fact.correlation or fact.subject, owner)
        book.put(entity.entity(kind.creates, fact.scope, fact.data[kind.subject]), found)


def rezoned(book: Book, fact: Fact) -> None:
    """Take a configuration that gives a tenant another time zone; it is defined already."""
    overdue.rezoned(book, fact.partition, fact.data["name"], fact.time)


def asks(kind: EventType, scope: str, data: Mapping[str, Any]) -> list[str]:
    """Names that an event of this type asks the book for."""
    names = []
    if kind.creates:
        names.append(entity.entity(kind.creates, scope, data.get(kind.subject)))
    if parent := entity.parent_of(kind, data):
        names.append(entity.entity(parent[0], scope, parent[1]))
    if kind.name == entity.FORECAST:
        names.append(entity.entity("forecast", scope, data.get("forecast_id")))
    return names
