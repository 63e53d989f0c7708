"""Leads, opportunities, contracts and receivables as the facts about them leave them; nothing is derived here.

Whether a fact may follow what is there was ingest's to judge. What it says of an entity nobody knows changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sharedchain.core.localtime import local_day
from sharedchain.core.settings import Settings
from sharedchain.core.state import Contract, Instalment, Lead, Opportunity, Receivable, ScopeState
from sharedchain.fact import Fact

ZERO = Decimal("0.00")


def fold(scope: ScopeState, fact: Fact, settings: Settings) -> None:
    """Take one fact; those of other types change nothing."""
    known = _HANDLERS.get(fact.type)
    if known is not None:
        known[1](scope, fact, settings)


def about(fact: Fact) -> tuple[str, str] | None:
    """Which entity a fact changes: ("lead", its id) …, or None."""
    if fact.type == "forecast.published":
        return "forecast", fact.data["forecast_id"]
    known = _HANDLERS.get(fact.type)
    return (known[0], fact.data[f"{known[0]}_id"]) if known else None


def fall_due(scope: ScopeState, day: date) -> list[str]:
    """At the midnight that begins `day`: the receivables, by id, with an unpaid part that was due before."""
    over = sorted(due for due in scope.dues if due < day.isoformat())
    return sorted({id_ for due in over for id_ in scope.dues.pop(due)})


def mark_late(scope: ScopeState, receivable_id: str, day: date) -> None:
    """Mark the unpaid parts of one receivable that were due before `day`."""
    old, today = scope.receivables[receivable_id], day.isoformat()
    parts = {no: replace(p, late=p.left > 0 and "" < p.due < today) for no, p in old.instalments.items()}
    scope.receivables[receivable_id] = replace(old, instalments=parts)


def _lead_captured(scope: ScopeState, fact: Fact, _: Settings) -> None:
    data = fact.data
    scope.leads[data["lead_id"]] = Lead(
        owner_id=data.get("owner_id") or "",
        region=data.get("region") or "",
        industry=data.get("customer_industry") or "",
        channel=data.get("channel") or "",
        contacted=fact.time,
        source=_place(fact),
    )


def _lead_contacted(scope: ScopeState, fact: Fact, _: Settings) -> None:
    old, at = scope.leads.get(fact.data["lead_id"]), _ms(fact.data.get("at"), fact)
    if old is not None and at > old.contacted:
        scope.leads[fact.data["lead_id"]] = replace(old, contacted=at, source=_place(fact))


def _lead_closed(scope: ScopeState, fact: Fact, _: Settings) -> None:
    scope.leads.pop(fact.data["lead_id"], None)


def _opportunity_created(scope: ScopeState, fact: Fact, settings: Settings) -> None:
    data = fact.data
    scope.opportunities[data["opportunity_id"]] = Opportunity(
        stage=data.get("stage") or "FOLLOWING",
        amount=_amount(data.get("amount")),
        currency=data.get("currency") or settings.currency,
        region=data.get("region") or "",
        industry=data.get("industry") or "",
        product_id=data.get("product_id") or "",
        owner_id=data.get("owner_id") or "",
        customer_id=data.get("customer_id") or "",
        lead_id=data.get("lead_id") or "",
        created=fact.time,
        source=_place(fact),
    )


def _stage_changed(scope: ScopeState, fact: Fact, _: Settings) -> None:
    _opportunity(scope, fact, stage=fact.data.get("to") or "")


def _amount_changed(scope: ScopeState, fact: Fact, _: Settings) -> None:
    _opportunity(scope, fact, amount=_amount(fact.data.get("new")), **_given(fact.data, "currency"))


def _signed(scope: ScopeState, fact: Fact, _: Settings) -> None:
    old = scope.opportunities.get(fact.data["opportunity_id"])
    given = _given(fact.data, "currency", *(() if old and old.customer_id else ("customer_id",)))
    at = _ms(fact.data.get("signed_at"), fact)
    _opportunity(scope, fact, stage="SIGNED", amount=_amount(fact.data.get("amount")), signed=at, **given)


def _lost(scope: ScopeState, fact: Fact, _: Settings) -> None:
    _opportunity(scope, fact, stage="LOST", lost=fact.time)


def _opportunity(scope: ScopeState, fact: Fact, **changes: Any) -> None:
    id_ = fact.data["opportunity_id"]
    old = scope.opportunities.get(id_)
    if old is not None:
        scope.opportunities[id_] = replace(old, source=_place(fact), **changes)


def _contract_created(scope: ScopeState, fact: Fact, settings: Settings) -> None:
    data = fact.data
    scope.contracts[data["contract_id"]] = Contract(
        opportunity_id=data.get("opportunity_id") or "",
        customer_id=data.get("customer_id") or "",
        region=data.get("region") or "",
        owner_id=data.get("owner_id") or "",
        amount=_amount(data.get("amount")),
        currency=data.get("currency") or settings.currency,
        status=data.get("status") or "",
        signed=_ms(data.get("signed_at"), fact),
        source=_place(fact),
    )


def _contract_approved(scope: ScopeState, fact: Fact, _: Settings) -> None:
    old = scope.contracts.get(fact.data["contract_id"])
    if old is not None:
        status = fact.data.get("status") or "EFFECTIVE"
        scope.contracts[fact.data["contract_id"]] = replace(old, status=status, source=_place(fact))


def _receivable_created(scope: ScopeState, fact: Fact, settings: Settings) -> None:
    data = fact.data
    today = local_day(fact.recorded, scope.timezone).isoformat()
    parts = {str(part["no"]): _instalment(part, today) for part in data.get("instalments") or ()}
    for due in (part.due for part in parts.values() if part.due >= today):
        scope.dues.setdefault(due, {})[data["receivable_id"]] = None
    scope.receivables[data["receivable_id"]] = Receivable(
        contract_id=data.get("contract_id") or "",
        customer_id=data.get("customer_id") or "",
        owner_id=data.get("owner_id") or "",
        region=data.get("region") or "",
        currency=data.get("currency") or settings.currency,
        total=_amount(data.get("total")),
        paid=ZERO,
        source=_place(fact),
        instalments=parts,
    )


def _payment_allocated(scope: ScopeState, fact: Fact, _: Settings) -> None:
    id_ = fact.data["receivable_id"]
    old = scope.receivables.get(id_)
    if old is None:
        return
    instalments, paid = dict(old.instalments), old.paid
    for part in fact.data.get("parts") or ():
        no = str(part["instalment_no"])
        paid += _amount(part.get("amount"))
        if no in instalments:
            left = _amount(part.get("left"))
            instalments[no] = replace(instalments[no], left=left, late=instalments[no].late and left > 0)
    scope.receivables[id_] = replace(old, paid=paid, instalments=instalments, source=_place(fact))


def _instalment(part: Mapping[str, Any], today: str) -> Instalment:
    said, amount = part.get("due_date"), _amount(part.get("amount"))
    due = said.isoformat() if isinstance(said, date) else str(said or "")
    return Instalment(due, amount, amount, late="" < due < today)


def _given(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Those of the fields that say something; the others leave what is there."""
    return {name: data[name] for name in names if data.get(name)}


def _amount(value: Any) -> Decimal:
    return ZERO if value is None else Decimal(value)


def _ms(value: Any, fact: Fact) -> int:
    """A timestamp of the payload, else the event's time."""
    return value if isinstance(value, int) else fact.time


def _place(fact: Fact) -> tuple[int, int]:
    return fact.partition, fact.seq


_HANDLERS: Mapping[str, tuple[str, Callable[[ScopeState, Fact, Settings], None]]] = {
    "lead.captured": ("lead", _lead_captured),
    "lead.contact.logged": ("lead", _lead_contacted),
    "lead.disqualified": ("lead", _lead_closed),
    "lead.converted": ("lead", _lead_closed),
    "opportunity.created": ("opportunity", _opportunity_created),
    "opportunity.stage.changed": ("opportunity", _stage_changed),
    "opportunity.amount.changed": ("opportunity", _amount_changed),
    "opportunity.signed": ("opportunity", _signed),
    "opportunity.lost": ("opportunity", _lost),
    "contract.created": ("contract", _contract_created),
    "contract.approved": ("contract", _contract_approved),
    "receivable.created": ("receivable", _receivable_created),
    "payment.allocated": ("receivable", _payment_allocated),
}
