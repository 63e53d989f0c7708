"""Forecasts: their versions only rise."""

from __future__ import annotations

from sharedchain.errors import Refused
from sharedchain.fact import Fact
from streams.ingest.book import Book
from streams.ingest.lifecycle.entity import Head, entity, head
from streams.ingest.lifecycle.event import Said


def check(book: Book, said: Said) -> None:
    """Raises Refused(domain) for a version that is not newer than the last."""
    data = said.data
    last = head(book, "forecast", said.scope, data["forecast_id"])
    if last and data["version"] <= last.stage:
        told = f"version {data['version']} is stale: {data['forecast_id']} is at version {last.stage}"
        raise Refused("domain", told, "version", str(data["version"]))


def published(book: Book, fact: Fact) -> None:
    """Fold."""
    data = fact.data
    found = Head(data["version"], fact.correlation or fact.subject, data["owner_id"])
    book.put(entity("forecast", fact.scope, data["forecast_id"]), found)
