"""Opportunities: their stage moves as the tenant's flow allows, and ends signed or lost."""

from __future__ import annotations

from typing import Any, NamedTuple

from sharedchain.errors import Refused
from sharedchain.fact import Fact
from sharedchain.flow import LOST, SIGNED
from streams.ingest import config
from streams.ingest.book import Book, Pages
from streams.ingest.lifecycle import evidence, profile
from streams.ingest.lifecycle.entity import entity, read
from streams.ingest.lifecycle.event import Said, Told

_TOLD_BY = {SIGNED: "opportunity.signed", LOST: "opportunity.lost"}


class Opportunity(NamedTuple):
    """`amount` is a decimal's text; `contract` the id of the contract that signing it made."""

    stage: str
    correlation: str
    owner: str
    lead: str
    customer: str
    amount: str
    currency: str
    region: str | None
    product: str | None
    contract: str = ""


def find(book: Pages, scope: str, identity: object) -> Opportunity | None:
    """None when nothing became this opportunity."""
    value = read(book, "opportunity", scope, identity)
    return Opportunity(*value) if value else None


def of(book: Pages, said: Said) -> Opportunity:
    """The opportunity that an event speaks of; its parent is known."""
    found = find(book, said.scope, said.data["opportunity_id"])
    assert found is not None, "its parent is known"
    return found


def put(book: Book, said: Said, found: Opportunity) -> None:
    """Write the opportunity that an event speaks of."""
    book.put(entity("opportunity", said.scope, said.data["opportunity_id"]), found)


def check_opened(book: Book, said: Said) -> None:
    """Raises Refused(transition | domain): where the flow lets one begin without a lead, one that nobody had yet."""
    wanted = str(said.data["opportunity_id"])
    flow = profile.of(book, said.partition, said.scope)
    if not flow.without_lead:
        told = f"flow {flow.id} begins an opportunity with its lead: publish lead.captured and lead.converted"
        raise Refused("transition", told, "opportunity_id", f"→ {flow.start}")
    if read(book, "opportunity", said.scope, wanted):
        told = f"opportunity {wanted} exists: it is opened once, later events change it"
        raise Refused("domain", told, "opportunity_id", wanted)


def open_(book: Book, fact: Fact) -> list[Told]:
    """The opportunity that begins without a lead: what was told of it, in the flow's first stage."""
    told = fact.data.get
    data: dict[str, Any] = {
        "opportunity_id": fact.data["opportunity_id"],
        "lead_id": "",
        "customer_id": told("customer_id"),
        "prospect_name": told("prospect_name"),
        "industry": told("industry") or "",
        "demand_type": told("demand_type") or "",
        "amount": fact.data["amount"],
        "amount_basis": told("amount_basis"),
        "currency": told("currency") or config.tenant(book, fact.partition, fact.scope).currency,
        "product_id": told("product_id"),
        "contact_ids": [],
        "owner_id": fact.data["owner_id"],
        "region": told("region"),
        "channel": told("channel"),
        "stage": profile.of(book, fact.partition, fact.scope).start,
    }
    return [Told("opportunity.created", data)]


def created(book: Book, fact: Fact) -> None:
    """Fold."""
    data = fact.data
    found = Opportunity(
        stage=data["stage"],
        correlation=fact.correlation or fact.subject,
        owner=data["owner_id"],
        lead=data["lead_id"],
        customer=data.get("customer_id") or "",
        amount=str(data["amount"]),
        currency=data["currency"],
        region=data.get("region"),
        product=data.get("product_id"),
    )
    put(book, fact, found)


def check_stage(book: Book, said: Said) -> None:
    """Raises Refused(transition | evidence): from where it is, to a next stage, with its gate's evidence."""
    data, found = said.data, of(book, said)
    flow = profile.of(book, said.partition, said.scope)
    move = f"{data['from']} → {data['to']}"
    if data["to"] in _TOLD_BY:
        raise Refused("transition", f"{move}: {data['to']} is told by {_TOLD_BY[data['to']]} alone", "to", move)
    if data["from"] != found.stage:
        raise Refused("transition", f"{move}: {data['opportunity_id']} is {found.stage}", "from", move)
    here, there = flow.stage(found.stage), flow.stage(data["to"])
    if here is None or there is None or there.code not in here.next:
        told = f"only {', '.join(here.next)} can follow" if here and here.next else "no stage can follow"
        raise Refused("transition", f"{move}: {told} {found.stage}", "to", move)
    evidence.check(move, there.gate, data.get("evidence"))


def check_amount(book: Book, said: Said) -> None:
    """Raises Refused(transition | domain): an open opportunity's amount, in its own currency."""
    found = of(book, said)
    check_open(said, found, "another amount")
    check_currency(said, found.currency)


def check_lost(book: Book, said: Said) -> None:
    """Raises Refused(transition): from any stage that the flow says can be lost."""
    found = of(book, said)
    if not profile.of(book, said.partition, said.scope).may_lose(found.stage):
        raise _impossible(said, found, LOST)


def check_open(said: Said, found: Opportunity, wanted: str) -> None:
    """Raises Refused(transition) when the opportunity has ended."""
    if found.stage in _TOLD_BY:
        raise _impossible(said, found, wanted)


def check_currency(said: Said, currency: str) -> None:
    """Raises Refused(domain) for another currency than the one agreed; none said is that one."""
    if (told := said.data.get("currency")) and told != currency:
        raise Refused("domain", f"{said.type} is in {told}, what it is about in {currency}", "currency", told)


def _impossible(said: Said, found: Opportunity, wanted: str) -> Refused:
    move = f"{found.stage} → {wanted}"
    return Refused("transition", f"{move}: {said.data['opportunity_id']} is {found.stage}", "opportunity_id", move)


def moved(book: Book, fact: Fact) -> None:
    """Fold a change of stage."""
    put(book, fact, of(book, fact)._replace(stage=fact.data["to"]))


def amended(book: Book, fact: Fact) -> None:
    """Fold a change of amount."""
    put(book, fact, of(book, fact)._replace(amount=str(fact.data["new"])))


def signed(book: Book, fact: Fact) -> None:
    """Fold: the signed amount counts from now on; where only a prospect was known, who signed is."""
    found, data = of(book, fact), fact.data
    customer = found.customer or data.get("customer_id") or ""
    put(book, fact, found._replace(stage=SIGNED, amount=str(data["amount"]), customer=customer))


def lost(book: Book, fact: Fact) -> None:
    """Fold."""
    put(book, fact, of(book, fact)._replace(stage=LOST))
