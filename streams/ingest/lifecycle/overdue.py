"""Overdue: told once for each mark that an unpaid instalment passes, by whatever tick comes first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sharedchain.core.localtime import local_day
from sharedchain.fact import Fact
from streams.ingest import timers
from streams.ingest.book import Book, Pages
from streams.ingest.lifecycle import profile, receivable
from streams.ingest.lifecycle.event import Asked, Told


class Passed(NamedTuple):
    """A mark was passed. Its cause is the receivable: no tick, and no outage, changes who it is."""

    told: Told
    scope: str
    cause: str
    correlation: str
    backfill: bool


def passed(book: Pages, partition: int, parts: list[str], at: int) -> Passed:
    """The next mark of the instalment whose timer rang at the tick `at`."""
    scope, receivable_id, no = parts
    found = receivable.find(book, scope, receivable_id)
    assert found is not None, f"{receivable_id} has a timer and is not there"
    one = next(i for i in found.instalments if i.no == int(no))
    due, today = date.fromisoformat(one.due), local_day(at, profile.zone(book, partition, scope))
    data = {
        "receivable_id": receivable_id,
        "instalment_no": one.no,
        "days": (today - due).days,
        "amount": Decimal(one.left),
        "currency": found.currency,
        "due_date": due,
        "customer_id": found.customer,
        "owner_id": found.owner,
    }
    settled = found.backfill and (one.alarm or 0) <= found.recorded  # was so already when it was brought in
    return Passed(
        Told("receivable.overdue", data, str(found.marks[one.told])), scope, found.cause, found.correlation, settled
    )


def told(book: Book, fact: Fact) -> None:
    """Fold: the instalment waits for its next mark."""
    found = receivable.of(book, fact)
    now = [
        receivable.rearmed(book, fact, found.marks, one._replace(told=one.told + 1))
        if one.no == fact.data["instalment_no"]
        else one
        for one in found.instalments
    ]
    receivable.put(book, fact, found._replace(instalments=now))


def rezoned(book: Book, partition: int, scope: str, time: int) -> None:
    """Fold: the tenant lives in another zone, so its instalments wait for that zone's midnights."""
    mine = [t.parts for t in timers.waiting(book, partition, scope) if t.kind == receivable.OVERDUE]
    for receivable_id in dict.fromkeys(parts[1] for parts in mine if parts[0] == scope):
        said = Asked("", partition, scope, {"receivable_id": receivable_id}, time)
        found = receivable.of(book, said)
        now = [receivable.rearmed(book, said, found.marks, one) for one in found.instalments]
        receivable.put(book, said, found._replace(instalments=now))
