"""Leads: captured once, contacted, and ended by a conversion or a disqualification."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from sharedchain.errors import Refused
from sharedchain.fact import Fact
from streams.ingest import config
from streams.ingest.book import Book, key
from streams.ingest.lifecycle import profile
from streams.ingest.lifecycle.entity import OPEN, entity, read
from streams.ingest.lifecycle.event import Said, Told

CONVERTED, DISQUALIFIED = "CONVERTED", "DISQUALIFIED"
MOST = 500  # contacts that an opportunity carries on: it must fit a record however many there were


class Lead(NamedTuple):
    """`amount` is a decimal's text. Contacts are kept beside it: they come often."""

    stage: str
    correlation: str
    owner: str
    customer: str | None
    prospect: str | None
    industry: str
    demand: str
    amount: str
    currency: str | None
    region: str | None
    channel: str | None


def of(book: Book, said: Said) -> Lead | None:
    """The lead that an event speaks of."""
    value = read(book, "lead", said.scope, said.data["lead_id"])
    return Lead(*value) if value else None


def captured(book: Book, fact: Fact) -> None:
    """Fold."""
    data = fact.data
    told = data.get
    found = Lead(
        OPEN,
        fact.correlation or fact.subject,
        data["owner_id"],
        told("customer_id"),
        told("prospect_name"),
        data["customer_industry"],
        data["demand_type"],
        str(data["expected_amount"]),
        told("currency"),
        told("region"),
        told("channel"),
    )
    book.put(entity("lead", fact.scope, data["lead_id"]), found)


def contacted(book: Book, fact: Fact) -> None:
    """Fold a contact of an open lead: the first ones are kept."""
    data = fact.data
    lead = read(book, "lead", fact.scope, data["lead_id"])
    if lead and lead[0] == OPEN:
        name = _contacts(fact.scope, data["lead_id"])
        known = book.get(name) or ()
        if len(known) < MOST and data["contact_id"] not in known:
            book.put(name, [*known, data["contact_id"]])


def _contacts(scope: str, lead_id: str) -> str:
    return key("contacts", scope, lead_id)


def check_open(book: Book, said: Said) -> None:
    """Raises Refused(transition): only an open lead can end."""
    lead = of(book, said)
    if lead and lead.stage != OPEN:
        move = f"{lead.stage} → {_ENDS[said.type]}"
        told = f"{move}: lead {said.data['lead_id']} is {lead.stage}, {said.type} is possible only from {OPEN}"
        raise Refused("transition", told, "lead_id", move)


def check_conversion(book: Book, said: Said) -> None:
    """Raises Refused(transition | domain): an open lead becomes an opportunity nobody had yet."""
    check_open(book, said)
    wanted = str(said.data["opportunity_id"])
    if read(book, "opportunity", said.scope, wanted):
        told = f"opportunity {wanted} exists: a lead becomes an opportunity of its own"
        raise Refused("domain", told, "opportunity_id", wanted)
    profile.of(book, said.partition, said.scope)


def ended(book: Book, fact: Fact) -> None:
    """Fold a conversion or a disqualification."""
    if lead := of(book, fact):
        book.put(entity("lead", fact.scope, fact.data["lead_id"]), lead._replace(stage=_ENDS[fact.type]))


def convert(book: Book, fact: Fact) -> list[Told]:
    """The opportunity that a converted lead becomes: everything that is known of it is copied."""
    lead = of(book, fact)
    assert lead is not None, "its parent is known"
    flow = profile.of(book, fact.partition, fact.scope)
    data = {
        "opportunity_id": fact.data["opportunity_id"],
        "lead_id": fact.data["lead_id"],
        "customer_id": lead.customer or fact.data.get("customer_id"),
        "prospect_name": lead.prospect,
        "industry": lead.industry,
        "demand_type": lead.demand,
        "amount": Decimal(lead.amount),
        "amount_basis": None,
        "currency": lead.currency or config.tenant(book, fact.partition, fact.scope).currency,
        "product_id": None,
        "contact_ids": book.get(_contacts(fact.scope, fact.data["lead_id"])) or [],
        "owner_id": lead.owner,
        "region": lead.region,
        "channel": lead.channel,
        "stage": flow.start,
    }
    return [Told("opportunity.created", data)]


_ENDS = {"lead.converted": CONVERTED, "lead.disqualified": DISQUALIFIED}
