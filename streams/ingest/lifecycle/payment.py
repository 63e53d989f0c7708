"""Payments: allocated once, to the instalment they name and then to the oldest unpaid ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sharedchain.core.localtime import local_day
from sharedchain.errors import Refused
from sharedchain.fact import Fact
from streams.ingest.book import Book
from streams.ingest.lifecycle import profile, receivable
from streams.ingest.lifecycle.event import Said, Told
from streams.ingest.lifecycle.opportunity import check_currency

_NOTHING = Decimal("0.00")


def check(book: Book, said: Said) -> None:
    """Raises Refused(domain): some money, an instalment that there is, the receivable's currency. Never
    for too much money. A payment of an order alone is nobody's here."""
    if not said.data["amount"]:
        raise Refused("domain", "a payment of 0 pays nothing: say the amount received", "amount", "0")
    if not said.data.get("receivable_id"):
        return
    found, wanted = receivable.of(book, said), said.data.get("instalment_no")
    if wanted is not None and wanted not in (i.no for i in found.instalments):
        told = f"{said.data['receivable_id']} has instalments 1 to {len(found.instalments)}, not {wanted}"
        raise Refused("domain", told, "instalment_no", str(wanted))
    check_currency(said, found.currency)


def allocate(book: Book, fact: Fact) -> list[Told]:
    """`payment.allocated`, then `receivable.settled` for each instalment that is paid in full now."""
    data = fact.data
    if not data.get("receivable_id"):
        return []
    found, money = receivable.of(book, fact), data["amount"]
    order = sorted(found.instalments, key=lambda i: (i.no != data.get("instalment_no"), i.due, i.no))
    shared = {"receivable_id": data["receivable_id"], "customer_id": found.customer, "currency": found.currency}
    parts: list[dict[str, Any]] = []
    paid: list[receivable.Instalment] = []
    for one in order:
        if not money or not Decimal(one.left):
            continue
        part = min(money, Decimal(one.left))
        money -= part
        parts.append({"instalment_no": one.no, "amount": part, "left": Decimal(one.left) - part})
        if part == Decimal(one.left):
            paid.append(one)
    outstanding = found.outstanding - sum((p["amount"] for p in parts), _NOTHING)
    told = {**shared, "payment_id": data["payment_id"], "parts": parts, "outstanding": outstanding}
    day = local_day(data["received_at"], profile.zone(book, fact.partition, fact.scope))
    return [
        Told("payment.allocated", {**told, "surplus": money + _NOTHING}),
        *(
            Told(
                "receivable.settled",
                {
                    **shared,
                    "owner_id": found.owner,
                    "instalment_no": one.no,
                    "amount": Decimal(one.amount),
                    "days": (day - date.fromisoformat(one.due)).days,
                    "closed": not outstanding and one is paid[-1],
                },
            )
            for one in paid
        ),
    ]


def allocated(book: Book, fact: Fact) -> None:
    """Fold: what is left of each instalment; one that is paid waits for no mark."""
    found = receivable.of(book, fact)
    left = {p["instalment_no"]: str(p["left"]) for p in fact.data["parts"]}
    now = [
        receivable.rearmed(book, fact, found.marks, one._replace(left=left[one.no])) if one.no in left else one
        for one in found.instalments
    ]
    stage = found.stage if fact.data["outstanding"] else receivable.CLOSED
    receivable.put(book, fact, found._replace(stage=stage, instalments=now))
