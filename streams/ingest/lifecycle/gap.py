"""Gaps: contract fields that a tenant's flow does not insist on. What lacks them is accepted, and told."""

from __future__ import annotations

from collections.abc import Collection

from sharedchain.contract import is_empty
from sharedchain.fact import Fact
from streams.ingest.book import Book, Pages
from streams.ingest.lifecycle import profile
from streams.ingest.lifecycle.event import Told


def excused(book: Pages, partition: int, scope: str, name: str) -> Collection[str]:
    """Fields that an event of type `name` may lack in this tenant."""
    flow = profile.find(book, partition, scope)
    return flow.excused(name) if flow else ()


def tell(book: Book, fact: Fact) -> list[Told]:
    """What an accepted record lacks of that; nothing when it lacks nothing."""
    asked = excused(book, fact.partition, fact.scope, fact.type)
    lacks = [name for name in asked if is_empty(fact.data.get(name))]
    told = {"record_type": fact.type, "record_id": fact.subject, "lacks": lacks}
    return [Told("record.incomplete", told)] if lacks else []
