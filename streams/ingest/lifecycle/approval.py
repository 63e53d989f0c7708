"""Contracts and the case that must approve them: one reader of closed cases."""

from __future__ import annotations

from typing import Any, NamedTuple

from sharedchain.core.localtime import local_day
from sharedchain.errors import Refused
from sharedchain.fact import Fact
from streams.ingest.book import Book, Pages
from streams.ingest.lifecycle import case, numbers, opportunity, profile
from streams.ingest.lifecycle.entity import entity, read
from streams.ingest.lifecycle.event import Said, Told

EFFECTIVE, BLOCKED = "EFFECTIVE", "BLOCKED"


class Contract(NamedTuple):
    stage: str
    correlation: str
    owner: str
    opportunity: str
    year: int


def check(book: Book, said: Said, template: str | None) -> None:
    """Raises Refused(domain) when nobody could approve, or the case that the signing names is about
    something else."""
    if template and profile.template(book, said.partition, template) is None:
        told = f"the flow asks for case template {template}, which is not in the log: publish it, then this again"
        raise Refused("domain", told, "", template)
    named = said.data.get("approval_case_id")
    found = case.find(book, said.scope, named) if named else None
    if found and (found.template, found.subject) != (template, said.data["opportunity_id"]):
        told = f"case {named} is {found.template} about {found.subject}: it does not approve this contract"
        raise Refused("domain", told, "approval_case_id", str(named))


def stands(book: Pages, said: Said, template: str | None) -> dict[str, Any]:
    """How the approval stands at signing: the case named, else the newest one about the opportunity.
    Approved, or nothing to approve: EFFECTIVE. Else BLOCKED, missing what nobody approved yet."""
    if template is None:
        return {"status": EFFECTIVE, "approvals": {}, "missing": [], "approval_case_id": None}
    named = said.data.get("approval_case_id")
    named = named or case.newest(book, said.scope, template, said.data["opportunity_id"])
    found = case.find(book, said.scope, named) if named else None
    if found is None:
        flow = profile.template(book, said.partition, template)
        assert flow is not None, "see check"
        approvals, missing = {}, [node.id for node in flow.nodes]
    else:
        approvals = {node.id: node.by for node in found.nodes if node.approved}
        missing = [node.id for node in found.nodes if not node.approved]
    status = EFFECTIVE if found and found.stage == case.APPROVED else BLOCKED
    return {"status": status, "approvals": approvals, "missing": missing, "approval_case_id": named or None}


def approve(book: Book, fact: Fact) -> list[Told]:
    """A case closed: when it approves what a blocked contract waits for, the contract takes effect."""
    data, flow = fact.data, profile.find(book, fact.partition, fact.scope)
    if flow is None or (data["template_id"], data["outcome"]) != (flow.approval, case.APPROVED):
        return []
    found = opportunity.find(book, fact.scope, data["subject"])
    value = read(book, "contract", fact.scope, found.contract) if found and found.contract else None
    closed = case.find(book, fact.scope, data["case_id"])
    if value is None or closed is None or Contract(*value).stage != BLOCKED:
        return []
    told = {
        "contract_id": found.contract if found else "",
        "opportunity_id": data["subject"],
        "case_id": data["case_id"],
        "by": closed.last_by,
        "at": data["closed_at"],
        "status": EFFECTIVE,
        "owner_id": Contract(*value).owner,
    }
    return [Told("contract.approved", told)]


def created(book: Book, fact: Fact) -> None:
    """Fold: a number of the year is taken."""
    data = fact.data
    zone = profile.zone(book, fact.partition, fact.scope)
    template = profile.of(book, fact.partition, fact.scope).numbers.contract
    year = local_day(data["signed_at"], zone).year
    numbers.take(book, fact.scope, template, year)
    found = Contract(data["status"], fact.correlation, data["owner_id"], data["opportunity_id"], year)
    book.put(entity("contract", fact.scope, data["contract_id"]), found)
    opportunity.put(book, fact, opportunity.of(book, fact)._replace(contract=data["contract_id"]))


def approved(book: Book, fact: Fact) -> None:
    """Fold."""
    found = Contract(*read(book, "contract", fact.scope, fact.data["contract_id"]))
    book.put(entity("contract", fact.scope, fact.data["contract_id"]), found._replace(stage=EFFECTIVE))
