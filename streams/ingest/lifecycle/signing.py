"""A signed opportunity becomes a contract, and the contract a receivable: one turn, adjacent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sharedchain.core.localtime import local_day
from sharedchain.errors import Refused
from sharedchain.fact import Fact
from sharedchain.flow import SIGNED
from streams.ingest.book import Book
from streams.ingest.lifecycle import approval, numbers, opportunity, profile, terms
from streams.ingest.lifecycle.entity import read
from streams.ingest.lifecycle.event import Said, Told

_END = 10_413_705_600_000  # 2299-12-31: no contract is signed behind it


def check(book: Book, said: Said) -> None:
    """Raises Refused: from a stage that can be signed (transition), by a known customer
    (missing_field), in its currency, for some money, with shares that make a whole and a case of its own (domain)."""
    found, data = opportunity.of(book, said), said.data
    flow = profile.of(book, said.partition, said.scope)
    if found.stage not in flow.signed_from:
        move = f"{found.stage} → {SIGNED}"
        told = f"{move}: it can be signed from {', '.join(flow.signed_from)} only"
        raise Refused("transition", told, "opportunity_id", move)
    if not (data.get("customer_id") or found.customer):
        told = "the opportunity knows a prospect only: say which customer signed"
        raise Refused("missing_field", told, "customer_id")
    opportunity.check_currency(said, found.currency)
    if not data["amount"]:
        raise Refused("domain", "a contract of 0 has nothing to pay: say the signed amount", "amount", "0")
    if not 0 <= data["signed_at"] <= _END:
        raise Refused("domain", f"signed_at {data['signed_at']} ms is no time of this calendar", "signed_at")
    terms.agreed(data.get("payment_terms"), flow, data["signed_at"], profile.zone(book, said.partition, said.scope))
    approval.check(book, said, flow.approval)


def sign(book: Book, fact: Fact) -> list[Told]:
    """The contract with the next number of its year, and its receivable with instalments; none where
    neither the deal nor the flow says what is due when."""
    found, data = opportunity.of(book, fact), fact.data
    flow, zone = profile.of(book, fact.partition, fact.scope), profile.zone(book, fact.partition, fact.scope)
    year = local_day(data["signed_at"], zone).year
    contract_id = _number(book, fact.scope, "contract", flow.numbers.contract, year)
    shared: dict[str, Any] = {
        "contract_id": contract_id,
        "opportunity_id": data["opportunity_id"],
        "customer_id": found.customer,
        "owner_id": found.owner,
        "region": found.region,
        "currency": found.currency,
    }
    amount = Decimal(found.amount)
    contract = {
        **shared,
        "lead_id": found.lead,
        "product_id": found.product,
        "amount": amount,
        "signed_at": data["signed_at"],
        **approval.stands(book, fact, flow.approval),
    }
    if not (agreed := terms.agreed(data.get("payment_terms"), flow, data["signed_at"], zone)):
        return [Told("contract.created", contract)]
    receivable = {
        **shared,
        "receivable_id": _number(book, fact.scope, "receivable", flow.numbers.receivable, year),
        "total": amount,
        "instalments": terms.instalments(amount, agreed),
    }
    return [Told("contract.created", contract), Told("receivable.created", receivable)]


def _number(book: Book, scope: str, what: str, template: str, year: int) -> str:
    number = numbers.coming(book, scope, template, year)
    if read(book, what, scope, number):
        raise Refused("domain", f"{what} {number} exists: give the flow's numbers another template", "", number)
    return number
