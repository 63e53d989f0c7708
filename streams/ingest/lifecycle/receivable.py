"""Receivables: what is left of each instalment, and when it will have been due for too long."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from sharedchain.core.localtime import midnight
from sharedchain.fact import Fact
from streams.ingest import timers
from streams.ingest.book import Book, Pages
from streams.ingest.lifecycle import numbers, profile
from streams.ingest.lifecycle.entity import OPEN, entity, read
from streams.ingest.lifecycle.event import Said

CLOSED = "CLOSED"
OVERDUE = "overdue"  # the timer of an instalment's next mark: (scope, receivable, no)


class Instalment(NamedTuple):
    """Amounts are decimals' texts. `told`: marks passed unpaid so far; `alarm`: when the next one
    is passed (milliseconds), None = never."""

    no: int
    amount: str
    left: str
    due: str
    told: int = 0
    alarm: int | None = None


class Receivable(NamedTuple):
    """`cause`: id of the fact that created it; `recorded` when, and whether as `backfill`.
    `marks`: days after the due date at which overdue is told, as the flow said then."""

    stage: str
    correlation: str
    owner: str
    contract: str
    customer: str
    currency: str
    cause: str
    recorded: int
    backfill: bool
    marks: list[int]
    instalments: list[Instalment]

    @property
    def outstanding(self) -> Decimal:
        return sum((Decimal(i.left) for i in self.instalments), Decimal("0.00"))


def find(book: Pages, scope: str, identity: object) -> Receivable | None:
    """None when no contract made this receivable."""
    value = read(book, "receivable", scope, identity)
    return Receivable(*value)._replace(instalments=[Instalment(*i) for i in value[-1]]) if value else None


def of(book: Pages, said: Said) -> Receivable:
    """The receivable that an event speaks of; it is known."""
    found = find(book, said.scope, said.data["receivable_id"])
    assert found is not None, f"{said.data['receivable_id']} is known"
    return found


def created(book: Book, fact: Fact) -> None:
    """Fold: a number is taken, each instalment waits for its first mark."""
    data, flow = fact.data, profile.of(book, fact.partition, fact.scope)
    year = read(book, "contract", fact.scope, data["contract_id"])[4]
    numbers.take(book, fact.scope, flow.numbers.receivable, year)
    cut = [
        Instalment(i["no"], str(i["amount"]), str(i["amount"]), i["due_date"].isoformat()) for i in data["instalments"]
    ]
    found = Receivable(
        stage=OPEN if data["total"] else CLOSED,
        correlation=fact.correlation,
        owner=data["owner_id"],
        contract=data["contract_id"],
        customer=data["customer_id"],
        currency=data["currency"],
        cause=fact.id,
        recorded=fact.recorded,
        backfill=fact.backfill,
        marks=list(flow.overdue_marks),
        instalments=[],
    )
    put(book, fact, found._replace(instalments=[rearmed(book, fact, found.marks, i) for i in cut]))


def put(book: Book, said: Said, found: Receivable) -> None:
    """Write the receivable that an event speaks of."""
    book.put(entity("receivable", said.scope, said.data["receivable_id"]), found)


def rearmed(book: Book, said: Said, marks: list[int], now: Instalment) -> Instalment:
    """The instalment with the timer that its state asks for, and no other one."""
    parts = (said.scope, str(said.data["receivable_id"]), f"{now.no:05d}")
    if now.alarm is not None:
        timers.cancel(book, said.partition, said.scope, now.alarm, OVERDUE, *parts)
    if now.told >= len(marks) or not Decimal(now.left):
        return now._replace(alarm=None)
    day = date.fromisoformat(now.due) + timedelta(days=marks[now.told])
    alarm = midnight(day, profile.zone(book, said.partition, said.scope))
    timers.put(book, said.partition, said.scope, alarm, OVERDUE, *parts)
    return now._replace(alarm=alarm)
