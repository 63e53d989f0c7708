"""What the book keeps of an entity, and what an event inherits from the one it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sharedchain.schemas import EventType
from streams.ingest.book import Pages, key
from streams.ingest.identity import MOST

OPEN = "OPEN"
FORECAST = "forecast.published"
_BEGINS = (FORECAST, "opportunity.opened")  # types that begin a chain and create no entity themselves
# What an event may be about without being its child: type → the field that names it.
_ABOUT = {"case.opened": "subject"}
_CHAIN = ("opportunity", "contract", "receivable", "lead", "case")


class Head(NamedTuple):
    """What each entity's value begins with. The stage of a forecast is its last version."""

    stage: Any
    correlation: str
    owner: str


@lru_cache(1 << 14)
def entity(name: str, scope: str, identity: Any) -> str:
    """Where the book keeps an entity."""
    return key("entity", scope, name, str(identity))


def read(book: Pages, name: str, scope: str, identity: Any) -> Any:
    """The value of an entity; None when nobody created it."""
    return book.get(entity(name, scope, identity))


def head(book: Pages, name: str, scope: str, identity: Any) -> Head | None:
    """The beginning of an entity's value; None when nobody created it."""
    value = read(book, name, scope, identity)
    return Head(*value[:3]) if value else None


def parent_of(kind: EventType, data: Mapping[str, Any]) -> tuple[str, str] | None:
    """(entity, id) of the parent that an event names. An empty field names none."""
    if kind.parent is None or not data.get(kind.parent.field):
        return None
    return kind.parent.entity, str(data[kind.parent.field])


def inherited(book: Pages, kind: EventType, scope: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """(correlation, owner) that an event has from its parent, else from what it is about; what
    begins a chain correlates by its own subject. Empty where there is nothing to inherit."""
    if parent := parent_of(kind, data):
        if len(parent[1]) > MOST:
            return "", ""  # refused: the cache of names is no place for it
        value = read(book, parent[0], scope, parent[1])
        return (value[1], value[2]) if value else ("", "")
    if (field := _ABOUT.get(kind.name)) and len(about := str(data.get(field) or "")) <= MOST:
        for name in _CHAIN:
            if found := head(book, name, scope, about):
                return found.correlation, found.owner
    begins = kind.creates or kind.name in _BEGINS
    return str(data.get(kind.subject) or "") if begins else "", ""
