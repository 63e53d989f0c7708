"""Stages of entities: what may follow what. A fold over accepted facts, one small value an entity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharedchain.errors import Refused
from sharedchain.schemas import EventType
from streams.ingest.book import Book, key

OPEN = "OPEN"
# What ends an entity, and the stage it leaves behind; everything else leaves the stage as it is.
ENDS = {"lead.disqualified": "DISQUALIFIED", "lead.converted": "CONVERTED"}
FORECAST = "forecast.published"


def lacks_parent(book: Book, kind: EventType, scope: str, data: Mapping[str, Any]) -> bool:
    """Whether this event speaks of an entity that nobody created yet."""
    return kind.parent is not None and book.get(entity(kind.parent.entity, scope, data[kind.parent.field])) is None


def check(book: Book, kind: EventType, scope: str, data: Mapping[str, Any]) -> None:
    """Raises Refused(domain | transition) when the event cannot follow what is there.

    An unknown parent is no refusal: see `lacks_parent`.
    """
    if kind.creates and book.get(entity(kind.creates, scope, data[kind.subject])) is not None:
        raise Refused(
            "domain",
            f"{kind.creates} {data[kind.subject]} exists: it is captured once, later events change it",
            kind.subject,
        )
    if kind.name in ENDS and kind.parent:
        stage = book.get(entity(kind.parent.entity, scope, data[kind.parent.field]))
        if stage not in (None, OPEN):
            raise Refused(
                "transition",
                f"{kind.parent.entity} {data[kind.parent.field]} is {stage}; {kind.name} is possible only from {OPEN}",
                kind.parent.field,
            )
    if kind.name == FORECAST:
        last = book.get(entity("forecast", scope, data["forecast_id"])) or 0
        if data["version"] <= last:
            raise Refused(
                "domain", f"version {data['version']} is stale: {data['forecast_id']} is at version {last}", "version"
            )


def fold(book: Book, kind: EventType, scope: str, data: Mapping[str, Any]) -> None:
    """Take one accepted fact."""
    if kind.creates:
        book.put(entity(kind.creates, scope, data[kind.subject]), OPEN)
    if kind.parent and kind.name in ENDS:
        book.put(entity(kind.parent.entity, scope, data[kind.parent.field]), ENDS[kind.name])
    if kind.name == FORECAST:
        book.put(entity("forecast", scope, data["forecast_id"]), data["version"])


def asks(kind: EventType, scope: str, data: Mapping[str, Any]) -> list[str]:
    """Names that an event of this type asks the book for."""
    names = []
    if kind.creates:
        names.append(entity(kind.creates, scope, data.get(kind.subject)))
    if kind.parent:
        names.append(entity(kind.parent.entity, scope, data.get(kind.parent.field)))
    if kind.name == FORECAST:
        names.append(entity("forecast", scope, data.get("forecast_id")))
    return names


def entity(name: str, scope: str, identity: Any) -> str:
    """Where the book keeps an entity's stage (or, of a forecast, its last version)."""
    return key("entity", scope, name, str(identity))
