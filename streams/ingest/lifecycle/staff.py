"""Who holds a role, as `master.employee.upserted` told last."""

from __future__ import annotations

from datetime import date

from sharedchain.fact import Fact
from streams.ingest.book import Book, Pages, key


def upserted(book: Book, fact: Fact) -> None:
    """Fold one employee; what the event leaves out is unknown, not as before."""
    person, role = str(fact.data["employee_id"]), str(fact.data.get("role") or "")
    mine = key("role", fact.scope, person)
    before = book.get(mine)
    if before:
        others = [h for h in book.get(_holders(fact.scope, before)) or () if h[0] != person]
        book.put(_holders(fact.scope, before), others or None)
    book.put(mine, role or None)
    if role:
        term = [person, _text(fact.data.get("valid_from")), _text(fact.data.get("valid_to"))]
        book.put(_holders(fact.scope, role), sorted([*(book.get(_holders(fact.scope, role)) or ()), term]))


def holders(book: Pages, scope: str, role: str, day: date) -> list[str]:
    """Ids of those who hold a role on a day, sorted."""
    today = day.isoformat()
    return [
        person
        for person, since, until in book.get(_holders(scope, role)) or ()
        if (not since or since <= today) and (not until or today <= until)
    ]


def first(book: Pages, scope: str, role: str, day: date) -> str:
    """The first of `holders`; empty when nobody holds the role."""
    return next(iter(holders(book, scope, role, day)), "")


def _holders(scope: str, role: str) -> str:
    return key("holders", scope, role)


def _text(day: object) -> str:
    return day.isoformat() if isinstance(day, date) else ""
