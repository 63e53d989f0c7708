"""What the model of the lifecycle remembers, the words it uses, and events as a publisher says them. See `model`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sharedchain.flow import Profile, Template

ZONE = ZoneInfo("Asia/Shanghai")
CENT = Decimal("0.01")
PARENTS = {
    "lead.contact.logged": ("lead", "lead_id"),
    "lead.disqualified": ("lead", "lead_id"),
    "lead.converted": ("lead", "lead_id"),
    "opportunity.stage.changed": ("opportunity", "opportunity_id"),
    "opportunity.amount.changed": ("opportunity", "opportunity_id"),
    "opportunity.signed": ("opportunity", "opportunity_id"),
    "opportunity.lost": ("opportunity", "opportunity_id"),
    "project.created": ("opportunity", "opportunity_id"),
    "payment.received": ("receivable", "receivable_id"),
    "case.node.completed": ("case", "case_id"),
}
SAYS = {  # the payload's own identity
    "lead.captured": ("lead_id",),
    "lead.contact.logged": ("lead_id", "contact_id"),
    "lead.disqualified": ("lead_id",),
    "lead.converted": ("lead_id",),
    "opportunity.stage.changed": ("opportunity_id", "from", "to"),
    "opportunity.signed": ("opportunity_id",),
    "opportunity.lost": ("opportunity_id",),
    "project.created": ("project_id",),
    "payment.received": ("payment_id",),
    "case.opened": ("case_id",),
    "case.node.completed": ("case_id", "node_id"),
}
SUBJECTS = {"payment.received": "payment_id", "project.created": "project_id", "case.opened": "case_id"}


GATES = {"PROJECT_APPROVED": "project_brief", "IN_REVIEW": "review_minutes", "BIDDING": "bid_document"}
WAY = ["FOLLOWING", *GATES]


@dataclass
class Told:
    """One record that must appear on the spine: `reasons` are those a refusal may give, `data` what it must say."""

    kind: str
    type: str
    subject: str
    correlation: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    reasons: frozenset[str] = frozenset()


@dataclass
class Said:
    """A published event under its header id."""

    id: str
    type: str
    data: dict[str, Any]

    @property
    def subject(self) -> str:
        parent = PARENTS.get(self.type)
        own = SUBJECTS.get(self.type) or (parent[1] if parent else "lead_id")
        return str(self.data[own])

    @property
    def told(self) -> tuple[str, ...] | None:
        return (self.type, *(str(self.data[n]) for n in SAYS[self.type])) if self.type in SAYS else None

    @property
    def parent(self) -> tuple[str, str] | None:
        entity, name = PARENTS.get(self.type, ("", ""))
        return (entity, str(self.data[name])) if entity and self.data[name] else None


@dataclass
class Lead:
    data: dict[str, Any]
    state: str = "OPEN"
    contacts: list[str] = field(default_factory=list)


@dataclass
class Opportunity:
    lead: Lead
    stage: str
    amount: Decimal
    customer: str | None
    contract: Contract | None = None


@dataclass
class Contract:
    id: str
    waits: bool
    case: str | None


@dataclass
class Part:
    amount: Decimal
    due: date
    left: Decimal
    told: set[int] = field(default_factory=set)  # marks


@dataclass
class Receivable:
    opportunity: str
    customer: str
    parts: list[Part]


@dataclass
class Case:
    template: Template
    subject: str
    correlation: str
    nodes: dict[str, str] = field(default_factory=dict)  # node → STARTED or its decision
    by: dict[str, str] = field(default_factory=dict)
    outcome: str = ""


def day(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZONE).date()


def instalments(total: Decimal, terms: list[dict[str, Any]] | None, signed: date, profile: Profile) -> Iterator[Part]:
    usual = [{"share": t.share, "due_date": signed + timedelta(days=t.days)} for t in profile.default_terms]
    terms, rest = terms or usual, total
    for at, term in enumerate(terms):
        amount = rest if at == len(terms) - 1 else min(rest, (total * term["share"]).quantize(CENT, ROUND_HALF_UP))
        rest -= amount
        yield Part(amount, term["due_date"], amount)


def captured(lead: int, amount: Decimal, known: bool) -> dict[str, Any]:
    who = {"customer_id": "C-1"} if known else {"prospect_name": "Prospect"}
    said = {"customer_industry": "ENERGY", "demand_type": "NEW", "region": "DE", "channel": "fair"}
    return {
        "type_": "lead.captured", "lead_id": f"L{lead}", "expected_amount": amount, "owner_id": "E-1", **said, **who,
    }  # fmt: skip


def converted(lead: int, opportunity: int, known: bool) -> dict[str, Any]:
    said = {"lead_id": f"L{lead}", "opportunity_id": f"O{opportunity}", "customer_id": "C-1" if known else None}
    return {"type_": "lead.converted", **said}


def moved(opportunity: int, at: str, to: str, held: bool) -> dict[str, Any]:
    evidence = [{"kind": GATES[to], "ref": "D-1"}] if held and to in GATES else []
    said = {"opportunity_id": f"O{opportunity}", "from": at, "to": to, "evidence": evidence}
    return {"type_": "opportunity.stage.changed", **said}


def completed(case: str, node: str, by: str, decision: str, held: bool) -> dict[str, Any]:
    evidence = [{"kind": "lot_report", "ref": None}] if held else None
    said = {"case_id": case, "node_id": node, "by": by, "decision": decision, "evidence": evidence}
    return {"type_": "case.node.completed", **said}


def paid(
    n: int, receivable: str | None, amount: Decimal, no: int | None, currency: str | None, at: int
) -> dict[str, Any]:
    said = {"payment_id": f"Y{n}", "receivable_id": receivable, "order_id": None if receivable else "SO-1"}
    return {
        "type_": "payment.received", **said, "instalment_no": no, "amount": amount, "currency": currency,
        "received_at": at,
    }  # fmt: skip


def signed(
    n: int, amount: Decimal, shares: list[str], due: list[int], currency: str | None, known: bool, at: int
) -> dict[str, Any]:
    """`due` in days after the signing, one for each share."""
    terms = [
        {"share": Decimal(share).quantize(Decimal("0.0001")), "due_date": day(at) + timedelta(days=days)}
        for share, days in zip(shares, due, strict=False)
    ]
    said = {"amount": amount, "signed_at": at, "payment_terms": terms, "currency": currency}
    customer = "C-1" if known else None
    return {"type_": "opportunity.signed", "opportunity_id": f"O{n}", **said, "customer_id": customer}


def straight(n: int, amount: Decimal, shares: list[str], due: list[int], at: int) -> list[dict[str, Any]]:
    """From lead to contract without a detour, and without approval."""
    moves = [moved(n, before, to, True) for before, to in pairwise(WAY)]
    return [captured(n, amount, True), converted(n, n, True), *moves, signed(n, amount, shares, due, None, True, at)]
