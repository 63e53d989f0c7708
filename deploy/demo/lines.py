"""One line for what the chain made of a step, in words that a sales director reads. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sharedchain.dictionary import Dictionary

# Event types that are told; all others are in the tables.
TOLD = (
    "opportunity.created",
    "opportunity.stage.changed",
    "contract.created",
    "contract.approved",
    "receivable.created",
    "receivable.overdue",
    "payment.allocated",
    "case.closed",
)


def line(kind: str, data: Mapping[str, Any], stages: Dictionary, zh: bool) -> str:
    """What the fact of type `kind` says, without the arrow before it; "" for a type that is not told."""
    match kind:
        case "opportunity.created":
            return _opportunity(data, zh)
        case "opportunity.stage.changed":
            return f"{data['opportunity_id']} {_stage(data['from'], stages, zh)} → {_stage(data['to'], stages, zh)}"
        case "contract.created":
            return _contract(data, zh)
        case "contract.approved":
            return f"{'合同' if zh else 'contract'} {data['contract_id']} {'生效' if zh else 'is effective'}"
        case "receivable.created":
            return _receivable(data, zh)
        case "receivable.overdue":
            late = f"逾期 {data['days']} 天" if zh else f"is {_days(data['days'])} overdue:"
            return f"{data['receivable_id']}/{data['instalment_no']} {late} {money(data['amount'])}"
        case "payment.allocated":
            return _payment(data, zh)
        case "case.closed":
            return _case(data, zh)
    return ""


def update(data: Mapping[str, Any], consumer: str, zh: bool) -> str:
    """What a subscriber received: one live forecast update."""
    what = f"{data['forecast_id']} v{data['version']} {money(data['new_total'])}"
    all_ = f"{'期合计' if zh else 'total'} {money(data['period_total'])}"
    return f"{consumer} {'收到' if zh else 'gets'} {what} · {all_}"


def money(amount: str) -> str:
    """48000000.00 → 48,000,000; cents only where there are some."""
    value = Decimal(amount)
    return f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.2f}"


def _opportunity(data: Mapping[str, Any], zh: bool) -> str:
    whose = data["customer_id"] or data["prospect_name"]
    told = f"{data['opportunity_id']} ← {data['lead_id']} {whose} {money(data['amount'])}"
    n = len(data["contact_ids"])
    return told + (f" · {n} 次接触" if zh else f" · {n} contacts" if n > 1 else " · 1 contact") if n else told


def _stage(code: str, stages: Dictionary, zh: bool) -> str:
    term = next((t for t in stages.terms if t.code == code), None)
    if term is None:
        return code
    return term.label_zh if zh else term.label_en.lower()


def _contract(data: Mapping[str, Any], zh: bool) -> str:
    told = f"{'合同' if zh else 'contract'} {data['contract_id']} {money(data['amount'])}"
    if not data["missing"]:
        return f"{told} {'生效' if zh else 'effective'}"
    names = ", ".join(data["missing"])
    return f"{told} {'锁定，缺' if zh else 'blocked, missing:'} {names}"


def _receivable(data: Mapping[str, Any], zh: bool) -> str:
    parts = data["instalments"]
    total, first, day = money(data["total"]), money(parts[0]["amount"]), parts[0]["due_date"]
    if not zh:
        return f"receivable {data['receivable_id']} {first} of {total} due {day}"
    cut = f"{len(parts)} 期，首期 {first} " if len(parts) > 1 else ""
    return f"应收 {data['receivable_id']} {total}，{cut}{day} 到期"


def _payment(data: Mapping[str, Any], zh: bool) -> str:
    paid = ", ".join(
        f"{data['receivable_id']}/{part['instalment_no']} {'已收' if zh else 'paid'} {money(part['amount'])}"
        for part in data["parts"]
    )
    left = f"{'未收' if zh else 'outstanding'} {money(data['outstanding'])}"
    more = f" · {'多收' if zh else 'surplus'} {money(data['surplus'])}" if Decimal(data["surplus"]) else ""
    return f"{paid or data['receivable_id']} · {left}{more}"


def _case(data: Mapping[str, Any], zh: bool) -> str:
    hours = Decimal(data["duration_min"]) / 60
    outcome = {"APPROVED": "批准", "REJECTED": "驳回", "DONE": "完成"} if zh else {}
    word = outcome.get(data["outcome"], data["outcome"].lower())
    spent = f"用时 {hours:.1f} 小时，按时" if zh else f"in {hours:.1f} h, on time"
    return f"{data['case_id']} {word} · {spent} {data['nodes_on_time']}/{data['nodes_total']}"


def _days(n: int) -> str:
    return "1 day" if n == 1 else f"{n} days"
