"""Gapless numbers: a series counts what was made of it, so an aborted turn takes its number back.

A pattern with the year in it, `CT-{year}-{n:04d}`, is a series of its own in each year; `AR-{n:04d}` is
one for ever. Each tenant has its own.
"""

from __future__ import annotations

from streams.ingest.book import Book, Pages, key


def coming(book: Pages, scope: str, pattern: str, year: int) -> str:
    """The number that the next one gets."""
    return pattern.format(year=year, n=_count(book, scope, pattern, year) + 1)


def take(book: Book, scope: str, pattern: str, year: int) -> None:
    """Fold: one more was made."""
    book.put(_series(scope, pattern, year), _count(book, scope, pattern, year) + 1)


def _count(book: Pages, scope: str, pattern: str, year: int) -> int:
    return int(book.get(_series(scope, pattern, year)) or 0)


def _series(scope: str, pattern: str, year: int) -> str:
    return key("number", scope, pattern, year if "{year" in pattern else "")
