"""Rows of `facts`, `alerts` and `notifications` as one quarter leaves them, made by hand.

OPP-0001 is approved, signed, overdue and partly paid; OPP-0003 is signed before its approval is complete;
OPP-0004 is lost. Local time is Shanghai's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
INGEST = "sharedchain:ingest"
INSTALMENTS = [
    {"no": 1, "share": "0.3000", "amount": "14400000.00", "due_date": "2026-05-03"},
    {"no": 2, "share": "0.6000", "amount": "28800000.00", "due_date": "2026-08-29"},
    {"no": 3, "share": "0.1000", "amount": "4800000.00", "due_date": "2027-04-29"},
]


def ms(local: str) -> int:
    """`05-03 15:00` of 2026 in Shanghai → milliseconds."""
    return round(datetime.fromisoformat(f"2026-{local}").replace(tzinfo=ZONE).timestamp() * 1000)


def utc(local: str) -> str:
    moment = datetime.fromtimestamp(ms(local) / 1000, ZoneInfo("UTC"))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


@dataclass
class Log:
    """Facts in the order of their making, one partition, gapless."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, local: str, kind: str, subject: str, correlation: str = "LEAD-0001", **said: Any) -> str:
        """A published fact; its id."""
        return self._row(local, kind, subject, correlation, said, kind="fact", source="crm")

    def then(self, local: str, kind: str, subject: str, cause: str, correlation: str = "LEAD-0001", **said: Any) -> str:
        """A fact that ingest derived."""
        return self._row(local, kind, subject, correlation, said, kind="fact", source=INGEST, cause=cause)

    def refuse(self, local: str, original: str, subject: str, correlation: str = "", **said: Any) -> str:
        data = {"original_type": original, "subject": subject, **said}
        return self._row(local, "record.rejected", subject, correlation, data, kind="refusal", source=INGEST)

    def _row(
        self, local: str, type_: str, subject: str, correlation: str, said: dict[str, Any], *,
        kind: str, source: str, cause: str = "",
    ) -> str:  # fmt: skip
        seq = len(self.rows) + 1
        data = {name.rstrip("_"): value for name, value in said.items()}
        row = {"partition": 3, "seq": seq, "n": 0, "kind": kind, "type": type_, "id": f"e{seq}", "source": source}
        row |= {"subject": subject, "time": utc(local), "recorded": utc(local), "actor": data.get("by", "")}
        self.rows.append(row | {"correlation": correlation, "causation": cause, "data": json.dumps(data)})
        return f"e{seq}"

    def seq(self, ident: str) -> int:
        return int(ident[1:])


def quarter() -> Log:
    """The whole quarter."""
    log = Log()
    _lead(log, "LEAD-0001", "48000000.00", "E001", "C-DE-01")
    _lead(log, "LEAD-0003", "30000000.00", "E003", "C-CN-01")
    _lead(log, "LEAD-0004", "12000000.00", "E003", "C-CN-02")
    for number in (1, 2, 3):
        log.add("04-03 09:00", "lead.contact.logged", "LEAD-0001", lead_id="LEAD-0001", contact_id=f"K-{number}")
    for number, amount, owner in ((1, "48000000.00", "E001"), (3, "30000000.00", "E003"), (4, "12000000.00", "E003")):
        _convert(log, f"LEAD-000{number}", f"OPP-000{number}", amount, owner)
    why = {"reason": "transition", "field": "to", "value": "FOLLOWING → SIGNED", "owner": "E001"}
    log.refuse("04-13 10:00", "opportunity.stage.changed", "OPP-0001", text="FOLLOWING → SIGNED is not a move", **why)
    _stages(log, "OPP-0001", "LEAD-0001", ("04-14 10:30", "04-18 10:30", "04-22 10:30"))
    forecasts(log, "04-20 10:00", 1, cn=[("L1", "OPP-0003", "30000000.00"), ("L2", "OPP-0004", "12000000.00")])
    _stages(log, "OPP-0003", "LEAD-0003", ("04-16 10:30", "04-20 10:30", "04-24 10:30"))
    _approval(log, "CA-0001", "OPP-0001", "LEAD-0001", "04-27 09:00", legal="04-27 15:00", finance="04-27 18:00")
    _sign(log, "OPP-0001", "LEAD-0001", "04-29 14:00", "CT-2026-0001", "AR-0001", "48000000.00", [])
    lost = log.add(
        "05-02 09:00", "opportunity.lost", "OPP-0004", "LEAD-0004", opportunity_id="OPP-0004", reason="PRICE"
    )
    _unsupported(log, lost)
    forecasts(log, "05-02 11:00", 2, cn=[("L1", "OPP-0003", "30000000.00")])
    _late_approval(log)
    billed = next(row["id"] for row in log.rows if row["type"] == "receivable.created")
    instalment = {"receivable_id": "AR-0001", "instalment_no": 1, "amount": "14400000.00", "currency": "CNY"}
    late: dict[str, Any] = {**instalment, "days": 1, "due_date": "2026-05-03"}
    log.then("05-04 00:00", "receivable.overdue", "AR-0001", billed, **late)
    _pay(log, "05-05 10:00", instalment)
    return log


def _lead(log: Log, lead: str, amount: str, owner: str, customer: str) -> None:
    said = {"expected_amount": amount, "currency": "CNY", "owner_id": owner, "customer_id": customer}
    log.add("04-02 09:00", "lead.captured", lead, lead, lead_id=lead, **said)


def _convert(log: Log, lead: str, opportunity: str, amount: str, owner: str) -> None:
    both = {"lead_id": lead, "opportunity_id": opportunity}
    cause = log.add("04-12 09:00", "lead.converted", lead, lead, **both, by=owner)
    said = {**both, "amount": amount, "currency": "CNY", "stage": "FOLLOWING", "owner_id": owner}
    log.then("04-12 09:00", "opportunity.created", opportunity, cause, lead, **said)


def _stages(log: Log, opportunity: str, lead: str, times: tuple[str, str, str]) -> None:
    names = ("FOLLOWING", "PROJECT_APPROVED", "IN_REVIEW", "BIDDING")
    for index, time in enumerate(times):
        said = {"opportunity_id": opportunity, "from_": names[index], "to": names[index + 1]}
        evidence = [{"kind": "project_brief", "ref": "doc-1"}]
        log.add(time, "opportunity.stage.changed", opportunity, lead, **said, evidence=evidence)


def _node(log: Log, case: str, node: str, cause: str, correlation: str, began: str) -> None:
    who = {"legal": ("法务审批", "Legal", "E081"), "finance": ("财务审批", "Finance", "E050")}[node]
    said = {"case_id": case, "template_id": "CA", "node_id": node, "name_zh": who[0], "name_en": who[1]}
    due = ms(began) + 86_400_000
    people = {"role": "r", "responsible_id": who[2], "accountable_id": "E010"}
    log.then(began, "case.node.started", case, cause, correlation, **said, **people, started_at=ms(began), due_at=due)


def _approval(log: Log, case: str, about: str, lead: str, began: str, **done: str) -> None:
    cause = log.add(began, "case.opened", case, lead, case_id=case, template_id="CA", subject_=about, opened_by="E010")
    for node in ("legal", "finance"):
        _node(log, case, node, cause, lead, began)
    last = ""
    for node, time in sorted(done.items(), key=lambda one: one[1]):
        last = _complete(log, case, node, time, lead)
    if len(done) == 2:
        _close(log, case, about, lead, max(done.values()), last)


def _complete(log: Log, case: str, node: str, time: str, lead: str) -> str:
    by = {"legal": "E081", "finance": "E050"}[node]
    return log.add(time, "case.node.completed", case, lead, case_id=case, node_id=node, decision="APPROVED", by=by)


def _close(log: Log, case: str, about: str, lead: str, time: str, cause: str) -> None:
    said = {"template_id": "CA", "subject_": about, "outcome": "APPROVED", "nodes_on_time": 2, "nodes_total": 2}
    log.then(time, "case.closed", case, cause, lead, case_id=case, **said)


def _sign(
    log: Log, opportunity: str, lead: str, time: str, contract: str, receivable: str, amount: str, missing: list[str]
) -> None:
    said = {"opportunity_id": opportunity, "amount": amount, "currency": "CNY"}
    cause = log.add(time, "opportunity.signed", opportunity, lead, **said, signed_at=ms(time))
    status = "BLOCKED" if missing else "EFFECTIVE"
    log.then(
        time, "contract.created", contract, cause, lead, **said, contract_id=contract, status=status, missing=missing
    )
    billed = {"receivable_id": receivable, "contract_id": contract, "opportunity_id": opportunity, "currency": "CNY"}
    instalments = INSTALMENTS if receivable == "AR-0001" else []
    log.then(time, "receivable.created", receivable, cause, lead, **billed, total=amount, instalments=instalments)


def _late_approval(log: Log) -> None:
    """CA-0002: finance in time, signed at 15:00, legal at 17:00: BLOCKED, then EFFECTIVE."""
    _approval(log, "CA-0002", "OPP-0003", "LEAD-0003", "05-03 10:00", finance="05-03 12:00")
    _sign(log, "OPP-0003", "LEAD-0003", "05-03 15:00", "CT-2026-0002", "AR-0002", "30000000.00", ["legal"])
    last = _complete(log, "CA-0002", "legal", "05-03 17:00", "LEAD-0003")
    _close(log, "CA-0002", "OPP-0003", "LEAD-0003", "05-03 17:00", last)
    said = {"contract_id": "CT-2026-0002", "opportunity_id": "OPP-0003", "case_id": "CA-0002", "by": "E081"}
    log.then("05-03 17:00", "contract.approved", "CT-2026-0002", last, "LEAD-0003", **said, status="EFFECTIVE")


def _pay(log: Log, time: str, instalment: dict[str, Any]) -> None:
    said = {"payment_id": "PAY-1", "receivable_id": "AR-0001", "currency": "CNY"}
    cause = log.add(time, "payment.received", "PAY-1", "bank-77", **said, amount="14400000.00", instalment_no=1)
    parts = [{"instalment_no": 1, "amount": "14400000.00", "left": "0.00"}]
    left = {"outstanding": "33600000.00", "surplus": "0.00"}
    log.then(time, "payment.allocated", "AR-0001", cause, "bank-77", **said, parts=parts, **left)
    log.then(time, "receivable.settled", "AR-0001", cause, "bank-77", **instalment, days=2, closed=False)


def forecasts(log: Log, time: str, version: int, cn: list[tuple[str, str, str]]) -> None:
    """FC-2026Q2-CN with project lines."""
    lines = [{"line_id": line, "basis": "PROJECT", "opportunity_id": opp, "amount": much} for line, opp, much in cn]
    said = {"forecast_id": "FC-2026Q2-CN", "version": version, "period": "2026Q2", "currency": "CNY", "lines": lines}
    log.add(time, "forecast.published", "FC-2026Q2-CN", "FC-2026Q2-CN", **said)


def _unsupported(log: Log, cause: str) -> None:
    said = {"forecast_id": "FC-2026Q2-CN", "line_id": "L2", "opportunity_id": "OPP-0004", "cause_": "LOST"}
    log.then("05-02 09:00", "forecast.line.unsupported", "FC-2026Q2-CN", cause, "LEAD-0004", **said)
    row = log.rows.pop()
    log.rows.append(row | {"seq": log.seq(cause), "n": 1, "id": "d1", "source": "chain.engine"})


def alert(ident: str, rule: str, subject: str, opened: str, at: str, transition: str, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"alert_id": ident, "transition": transition, "rule_id": rule, "rule_version": 1}
    row |= {"subject": subject, "severity": "YELLOW", "value": None, "value_text": "", "threshold": None, "unit": ""}
    row |= {"owner": "", "recipients": [], "title_zh": "", "title_en": "", "text_zh": "", "text_en": "", "link": ""}
    row |= {"explain": "{}", "at": utc(at), "opened_at": utc(opened), "partition": 3, "seq": 1, "n": 1}
    return row | changes


def told(ident: str, transition: str, recipient: str, channel: str) -> dict[str, Any]:
    return {"alert_id": ident, "transition": transition, "recipient": recipient, "channel": channel, "outcome": "sent"}
