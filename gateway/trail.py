"""The steps of one chain, and the time between them. Pure: facts of `gateway.kin` in, `sharedchain.trace` out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from gateway.kin import Seen
from sharedchain.core.localtime import local_text
from sharedchain.envelope import rfc3339
from sharedchain.trace import Cash, Instalment, Source, Span, Step

NODE = ("case.node.started", "case.node.completed")  # told with their case, not as steps of their own
_STATES: Mapping[str, Literal["accepted", "parked", "refused"]] = {"parked": "parked", "refusal": "refused"}
_MONEY = ("amount", "currency")
# event type → what a step tells of it; free text about people stays in `facts`
SAID: Mapping[str, tuple[str, ...]] = {
    "lead.captured": ("expected_amount", "currency", "customer_id", "prospect_name", "region", "channel", "owner_id"),
    "lead.contact.logged": ("contact_id", "channel"),
    "lead.disqualified": ("reason",),
    "lead.converted": ("opportunity_id", "customer_id", "by"),
    "opportunity.opened": (*_MONEY, "amount_basis", "source_stage", "customer_id", "prospect_name", "owner_id"),
    "opportunity.created": (*_MONEY, "stage", "customer_id", "prospect_name", "owner_id", "contact_ids"),
    "opportunity.stage.changed": ("from", "to", "evidence"),
    "opportunity.amount.changed": ("old", "new", "currency", "reason"),
    "opportunity.signed": (*_MONEY, "approval_case_id", "customer_id"),
    "opportunity.lost": ("reason", "competitor"),
    "contract.created": ("contract_id", *_MONEY, "status", "missing", "approvals"),
    "contract.approved": ("contract_id", "case_id", "by", "status"),
    "receivable.created": ("receivable_id", "total", "currency", "instalments"),
    "receivable.overdue": ("receivable_id", "instalment_no", "days", *_MONEY, "due_date"),
    "receivable.settled": ("receivable_id", "instalment_no", "days", *_MONEY, "closed"),
    "payment.received": (*_MONEY, "receivable_id", "instalment_no"),
    "payment.allocated": ("receivable_id", "currency", "parts", "outstanding", "surplus"),
    "project.created": ("project_id", "name", "manager_id"),
    "case.opened": ("case_id", "template_id", "subject", *_MONEY, "opened_by"),
    "case.closed": ("case_id", "template_id", "outcome", "nodes_on_time", "nodes_total"),
    "forecast.published": ("version", "period", "currency", "reason"),
    "forecast.live.updated": ("version", "old_total", "new_total", "currency"),
    "forecast.refresh.requested": ("age_days", "owner_id"),
    "forecast.line.unsupported": ("forecast_id", "line_id", "opportunity_id", "cause"),
    "forecast.line.cleared": ("forecast_id", "line_id", "opportunity_id", "cause"),
    "forecast.review.held": ("period", "lead_count", "opportunity_count", "forecast_total", "gap", "currency"),
    "sensor.reading": ("component_id", "metric", "value", "unit"),
    "sensor.sampled": ("component_id", "metric", "value", "unit"),
    "record.rejected": ("original_type", "reason", "field", "value", "text", "owner"),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is (ms), and in which zone people read it."""

    now: int
    zone: str

    def local(self, ms: int) -> str:
        return local_text(ms, self.zone)


def source_of(one: Seen) -> Source:
    return Source(
        partition=one.partition,
        seq=one.seq,
        n=one.n,
        event_id=one.id,
        published_by=one.source,
        correlation=one.correlation,
        cause=one.cause,
    )


def step_of(one: Seen, clock: Clock, *, seconds: int | None = None, caused: Sequence[Step] = ()) -> Step:
    """One fact as a step."""
    return Step(
        type=one.type,
        subject=one.subject,
        state=_STATES.get(one.kind, "accepted"),
        at=rfc3339(one.at),
        local=clock.local(one.at),
        actor=str(one.data.get("by") or one.data.get("opened_by") or one.actor),
        seconds=seconds,
        said={name: one.data[name] for name in SAID.get(one.type, ()) if one.data.get(name) not in (None, "", [], {})},
        source=source_of(one),
        caused=tuple(caused),
    )


def steps(facts: Iterable[Seen], clock: Clock) -> tuple[Step, ...]:
    """The facts in order of time, each with what was derived of it in the same turn beneath it.

    What a later moment caused (an instalment is overdue) is a step of its own, at its own time.
    """
    main, beneath = _turns([one for one in facts if one.type not in NODE])
    made: list[Step] = []
    before: int | None = None
    for one in main:
        seconds = None if before is None else (one.at - before) // 1000
        made.append(_with_caused(one, beneath, clock, seconds))
        if one.kind == "fact":
            before = one.at
    return tuple(made)


def _turns(facts: Sequence[Seen]) -> tuple[list[Seen], dict[tuple[int, int, int], list[Seen]]]:
    """Steps, and under the place of each what it caused in its turn. A turn whose cause is no step here (the last
    node of a case) begins with the first fact that it derived."""
    heads = {(one.id, one.recorded): one for one in facts}
    main: list[Seen] = []
    beneath: dict[tuple[int, int, int], list[Seen]] = {}
    for one in facts:
        turn = (one.cause, one.recorded)
        head = heads.get(turn) if one.cause and not one.refused else None
        if head is None or head is one:
            main.append(one)
            if one.cause:
                heads.setdefault(turn, one)
        else:
            beneath.setdefault(_place(head), []).append(one)
    return main, beneath


def _with_caused(
    one: Seen, beneath: Mapping[tuple[int, int, int], list[Seen]], clock: Clock, seconds: int | None = None
) -> Step:
    caused = [_with_caused(child, beneath, clock) for child in beneath.get(_place(one), [])]
    return step_of(one, clock, seconds=seconds, caused=caused)


def _place(one: Seen) -> tuple[int, int, int]:
    return one.partition, one.seq, one.n


def as_decided(facts: Iterable[Seen]) -> list[Seen]:
    """In the order of the log. What holds now is what was decided last: a signing may be dated before the stages
    that were told before it, a payment before one that was told earlier."""
    return sorted(facts, key=_place)


def spans(facts: Iterable[Seen], clock: Clock) -> tuple[Span, ...]:
    """Each stage with the time spent in it, in order; the one that holds now is open. LOST is an end, no stage."""
    entered: list[tuple[str, int]] = []
    ended: int | None = None
    for one in as_decided(facts):
        if one.kind != "fact":
            continue
        stage = stage_after(one)
        if stage is not None:
            entered.append((stage, one.at))
        if one.type in ("lead.disqualified", "opportunity.lost") or (one.data.get("closed") is True):
            ended = one.at
    made = []
    for index, (stage, at) in enumerate(entered):
        if stage == "LOST":
            continue
        left = entered[index + 1][1] if index + 1 < len(entered) else ended
        until = clock.now if left is None else left
        made.append(
            Span(
                stage=stage,
                entered_at=rfc3339(at),
                left_at=None if left is None else rfc3339(left),
                seconds=max(0, until - at) // 1000,
            )
        )
    return tuple(made)


def stage_after(one: Seen) -> str | None:
    """The stage that a fact enters, if it enters one."""
    match one.type:
        case "lead.captured":
            return "LEAD"
        case "opportunity.created":
            return str(one.data.get("stage") or "FOLLOWING")
        case "opportunity.stage.changed":
            return str(one.data.get("to"))
        case "opportunity.signed":
            return "SIGNED"
        case "opportunity.lost":
            return "LOST"
    return None


def cash(facts: Sequence[Seen], began: int, clock: Clock) -> Cash | None:
    """What was billed and what came; None before anything was billed."""
    billed = next((one for one in facts if one.type == "receivable.created"), None)
    if billed is None:
        return None
    paid = [one for one in as_decided(facts) if one.type == "payment.allocated"]
    settled = {one.data["instalment_no"]: one for one in facts if one.type == "receivable.settled"}
    overdue = {one.data["instalment_no"]: one for one in facts if one.type == "receivable.overdue"}
    left = {part["instalment_no"]: str(part["left"]) for one in paid for part in one.data.get("parts", [])}
    total = Decimal(str(billed.data["total"]))
    outstanding = Decimal(str(paid[-1].data["outstanding"])) if paid else total
    full = next((one.at for one in settled.values() if one.data.get("closed") is True), None)
    first = min((one.at for one in paid), default=None)
    return Cash(
        receivable_id=str(billed.data["receivable_id"]),
        total=format(total, "f"),
        paid=format(total - outstanding, "f"),
        outstanding=format(outstanding, "f"),
        surplus=format(sum((Decimal(str(one.data.get("surplus") or "0.00")) for one in paid), Decimal("0.00")), "f"),
        currency=str(billed.data.get("currency") or ""),
        instalments=tuple(
            _instalment(part, left, settled.get(part["no"]), overdue.get(part["no"]), clock)
            for part in billed.data.get("instalments", [])
        ),
        first_payment_at=_text(first),
        first_payment_seconds=_since(began, first),
        paid_in_full_at=_text(full),
        paid_in_full_seconds=_since(began, full),
    )


def unbilled(facts: Sequence[Seen]) -> bool:
    """A contract holds, and there is no receivable: neither the deal nor the flow says what is due when."""
    types = {one.type for one in facts if one.kind == "fact"}
    holds = any(one.type == "contract.created" and one.data.get("status") == "EFFECTIVE" for one in facts)
    return (holds or "contract.approved" in types) and "receivable.created" not in types


def _instalment(
    part: Mapping[str, Any], left: Mapping[int, str], settled: Seen | None, overdue: Seen | None, clock: Clock
) -> Instalment:
    return Instalment(
        no=part["no"],
        amount=str(part["amount"]),
        due_date=str(part["due_date"]),
        left=left.get(part["no"], str(part["amount"])),
        overdue_days=overdue.data.get("days") if overdue and not settled else None,
        settled_at=_text(settled.at if settled else None),
        settled_local=clock.local(settled.at) if settled else "",
        settled_days=settled.data.get("days") if settled else None,
    )


def _text(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)


def _since(began: int, ms: int | None) -> int | None:
    return None if ms is None else (ms - began) // 1000
