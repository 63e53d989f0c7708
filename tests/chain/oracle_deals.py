"""The oracle's half from lead to cash: leads, opportunities, cases, contracts, receivables, payments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.chain.oracle_desk import Desk, Row, four, minute, money

STAGES = ["FOLLOWING", "PROJECT_APPROVED", "IN_REVIEW", "BIDDING"]
GATES = {"PROJECT_APPROVED": "project_brief", "IN_REVIEW": "review_minutes", "BIDDING": "bid_document"}
NODES = {"legal": "legal_counsel", "finance": "finance_controller"}
MARKS = (1, 30)
LOST = {"too expensive": "PRICE", "CANCELLED": "CANCELLED"}
PARENTS = {
    "lead.contact.logged": "lead_id",
    "lead.converted": "lead_id",
    "opportunity.stage.changed": "opportunity_id",
    "opportunity.amount.changed": "opportunity_id",
    "opportunity.signed": "opportunity_id",
    "opportunity.lost": "opportunity_id",
    "case.node.completed": "case_id",
    "payment.received": "receivable_id",
}


@dataclass
class Deals:
    """One tenant's leads and what became of them. `moved` hears of each opportunity that changed."""

    desk: Desk
    moved: Callable[[datetime, str], None]
    leads: dict[str, Row] = field(default_factory=dict)
    opportunities: dict[str, Row] = field(default_factory=dict)
    cases: dict[str, Row] = field(default_factory=dict)
    contracts: dict[str, Row] = field(default_factory=dict)  # by opportunity
    receivables: dict[str, Row] = field(default_factory=dict)
    parked: list[tuple[datetime, str, Row, str]] = field(default_factory=list)

    def take(self, at: datetime, kind: str, data: Row, now: datetime) -> None:
        """One record of `at`, decided `now`: kept for its parent, refused, or followed."""
        parent = PARENTS.get(kind)
        if parent and data[parent] not in self.leads | self.opportunities | self.cases | self.receivables:
            self.parked.append((at, kind, data, data[parent]))
            return
        refused = {
            "lead.captured": self._lead,
            "lead.contact.logged": self._contact,
            "lead.converted": self._convert,
            "opportunity.stage.changed": self._stage,
            "opportunity.amount.changed": self._amount,
            "opportunity.signed": self._sign,
            "opportunity.lost": self._lose,
            "case.opened": self._open,
            "case.node.completed": self._complete,
            "payment.received": self._pay,
        }[kind](at, data, now)
        if refused is None:
            self.desk.counts[kind] += 1
            self._follow(kind, data, at, now)
            return
        reason, name, word = refused
        subject = data.get("opportunity_id") if kind.startswith("opp") else data.get(PARENTS.get(kind, ""))
        subject = data["payment_id"] if kind == "payment.received" else str(subject)
        self.desk.refuse(now, kind, subject, reason, name, word)
        if reason in ("transition", "evidence") and kind.startswith("opportunity."):
            who = [self.opportunities[subject]["owner"], *self.desk.role("sales_director")]
            self.desk.ring(now, "R-13", subject, "YELLOW", who, value_text=word)

    def tick(self, now: datetime) -> None:
        """Orphans whose day is over, and instalments whose mark has come."""
        for one in [p for p in self.parked if p[0] + timedelta(days=1) <= now]:
            self.parked.remove(one)
            _, kind, data, _ = one
            self.desk.refuse(now, kind, data[PARENTS[kind]], "orphan", PARENTS[kind], data[PARENTS[kind]])
        for name, owed in self.receivables.items():
            for part in owed["parts"]:
                for mark in MARKS:
                    if part["left"] and mark not in part["marks"] and part["due"] + timedelta(days=mark) <= now.date():
                        part["marks"].append(mark)
                        self._overdue(now, name, owed, part)

    def _overdue(self, now: datetime, name: str, owed: Row, part: Row) -> None:
        days = (now.date() - part["due"]).days
        row = {"receivable": name, "instalment": part["no"], "days": days, "amount": money(part["left"])}
        self.desk.counts["receivable.overdue"] += 1
        self.desk.add("overdue", at=minute(now), **row, due=part["due"].isoformat())
        who = [owed["owner"], *self.desk.role("receivables_accountant")]
        said = {"value": f"{days}.0000", "value_text": f"{days} d"}
        self.desk.hold(now, "R-20", f"{name}/{part['no']}", "RED" if days >= 30 else "YELLOW", who, **said)

    def _release(self, parent: str, now: datetime) -> None:
        mine = [p for p in self.parked if p[3] == parent]
        self.parked = [p for p in self.parked if p[3] != parent]
        for at, kind, data, _ in mine:
            self.take(at, kind, data, now)

    # What is refused, as (reason, field, word); None: it is accepted.

    def _lead(self, at: datetime, data: Row, now: datetime) -> tuple[str, str, str] | None:
        self.leads[data["lead_id"]] = {**data, "contacts": [], "converted": False}
        row = {"lead": data["lead_id"], "amount": data["expected_amount"], "currency": data["currency"]}
        row |= {"industry": data["customer_industry"], "demand": data["demand_type"], "owner": data["owner_id"]}
        self.desk.add("leads", at=minute(at), **row)
        return None

    def _contact(self, at: datetime, data: Row, now: datetime) -> tuple[str, str, str] | None:
        self.leads[data["lead_id"]]["contacts"].append(data["contact_id"])
        return None

    def _convert(self, at: datetime, data: Row, now: datetime) -> tuple[str, str, str] | None:
        lead = self.leads[data["lead_id"]]
        if lead["converted"]:
            return "transition", "lead_id", "CONVERTED → CONVERTED"
        if data["opportunity_id"] in self.opportunities:
            return "domain", "opportunity_id", data["opportunity_id"]
        lead["converted"] = True
        customer = lead.get("customer_id") or data.get("customer_id", "")
        row = {"customer": customer, "amount": lead["expected_amount"], "currency": lead["currency"]}
        row |= {"region": lead["region"], "owner": lead["owner_id"], "stage": "FOLLOWING"}
        self.opportunities[data["opportunity_id"]] = {**row, "amount": Decimal(row["amount"])}
        row |= {"industry": lead["customer_industry"], "demand": lead["demand_type"]}
        row |= {"contacts": ",".join(sorted(lead["contacts"])), "lead": data["lead_id"]}
        self.desk.counts["opportunity.created"] += 1
        self.desk.add("opportunities", at=minute(now), opportunity=data["opportunity_id"], **row)
        return None

    def _stage(self, at: datetime, data: Row, now: datetime) -> tuple[str, str, str] | None:
        deal, here, to = self.opportunities[data["opportunity_id"]], data["from"], data["to"]
        if here != deal["stage"]:
            return "transition", "from", f"{here} → {to}"
        if STAGES.index(to) != STAGES.index(here) + 1:
            return "transition", "to", f"{here} → {to}"
        if GATES[to] not in [e["kind"] for e in data.get("evidence", [])]:
            return "evidence", "evidence", f"{here} → {to} without {GATES[to]}"
        deal["stage"] = to
        shown = ",".join(f"{e['kind']}:{e['ref']}" for e in data["evidence"])
        row = {"opportunity": data["opportunity_id"], "from": here, "to": to, "evidence": shown}
        self.desk.add("stages", at=minute(at), **row)
        return None

    def _amount(self, at: datetime, data: Row, now: datetime) -> tuple[str, str, str] | None:
        self.opportunities[data["opportunity_id"]]["amount"] = Decimal(data["new"])
        return None

    def _sign(self, at: datetime, data: Row, now: datetime) -> tuple[str, str, str] | None:
        terms = data["payment_terms"]
        if terms and sum(Decimal(t["share"]) for t in terms) != 1:
            return "domain", "payment_terms", four(sum((Decimal(t["share"]) for t in terms), Decimal(0)))
        deal = self.opportunities[data["opportunity_id"]]
        deal |= {"stage": "SIGNED", "amount": Decimal(data["amount"])}
        self._close(at, "opportunity.signed", data["opportunity_id"], amount=data["amount"])
        return None

    def _lose(self, at: datetime, data: Row, now: datetime) -> tuple[str, str, str] | None:
        self.opportunities[data["opportunity_id"]]["stage"] = "LOST"
        self._close(at, "opportunity.lost", data["opportunity_id"], reason=LOST[data["reason"]])
        return None

    def _close(self, at: datetime, event: str, name: str, amount: str = "", reason: str = "") -> None:
        self.desk.add("closings", at=minute(at), event=event, opportunity=name, amount=amount, reason=reason)

    def _open(self, at: datetime, data: Row, now: datetime) -> tuple[str, str, str] | None:
        self.cases[data["case_id"]] = {**data, "at": now, "done": {}, "outcome": ""}
        boss = self.desk.role("sales_director")[0]
        for node, role in NODES.items():
            row = {"case": data["case_id"], "template": "CA", "node": node, "accountable": boss}
            row |= {"responsible": self.desk.role(role)[0], "started": minute(now)}
            self.desk.counts["case.node.started"] += 1
            self.desk.add("nodes", **row, due=minute(now + timedelta(hours=24)))
        return None

    def _complete(self, at: datetime, data: Row, now: datetime) -> tuple[str, str, str] | None:
        case, node = self.cases[data["case_id"]], data["node_id"]
        if data["by"] not in self.desk.role(NODES[node], "sales_director"):
            return "permission", "by", data["by"]
        case["done"][node] = (data["decision"], now)
        row = {"case": data["case_id"], "node": node, "decision": data["decision"], "by": data["by"]}
        self.desk.add("decisions", at=minute(at), **row)
        return None

    def _pay(self, at: datetime, data: Row, now: datetime) -> tuple[str, str, str] | None:
        owed, wanted = self.receivables[data["receivable_id"]], data.get("instalment_no")
        if data["currency"] != owed["currency"]:
            return "domain", "currency", data["currency"]
        if wanted is not None and wanted not in [p["no"] for p in owed["parts"]]:
            return "domain", "instalment_no", str(wanted)
        return None

    # What follows of an accepted record.

    def _follow(self, kind: str, data: Row, at: datetime, now: datetime) -> None:
        if kind == "lead.captured":
            self._release(data["lead_id"], now)
        elif kind == "lead.converted":
            self.moved(now, data["opportunity_id"])
            self._release(data["opportunity_id"], now)
        elif kind in ("opportunity.amount.changed", "opportunity.lost"):
            self.moved(now, data["opportunity_id"])
        elif kind == "opportunity.signed":
            self._contract(data, at, now)
            self.moved(now, data["opportunity_id"])
        elif kind == "case.node.completed":
            self._end(data, now)
        elif kind == "payment.received":
            self._allocate(data, now)

    def _contract(self, data: Row, at: datetime, now: datetime) -> None:
        name = data["opportunity_id"]
        deal, number = self.opportunities[name], len(self.contracts) + 1
        case = next((c for c in reversed(self.cases.values()) if c["subject"] == name), None)
        missing = [n for n in NODES if case is None or case["done"].get(n, ("",))[0] != "APPROVED"]
        row = {"contract": f"CT-{at.year}-{number:04d}", "opportunity": name, "customer": deal["customer"]}
        row |= {"status": "BLOCKED" if missing else "EFFECTIVE", "amount": data["amount"], "currency": deal["currency"]}
        row |= {"missing": ",".join(missing), "case": case["case_id"] if case else "", "by": ""}
        self.contracts[name] = row
        self.desk.counts["contract.created"] += 1
        self.desk.add("contracts", at=minute(now), event="contract.created", **row)
        if missing:
            who = self.desk.role("legal_counsel", "sales_director")
            self.desk.hold(now, "R-19", name, "RED", who, value_text=", ".join(missing))
        self._receivable(row, deal, data, now)

    def _receivable(self, contract: Row, deal: Row, data: Row, now: datetime) -> None:
        name, total = f"AR-{len(self.receivables) + 1:04d}", Decimal(data["amount"])
        due = (now.date() + timedelta(days=30)).isoformat()
        terms = data["payment_terms"] or [{"share": "1.0000", "due_date": due}]
        parts: list[Row] = []
        for no, term in enumerate(terms, 1):
            amount = (total * Decimal(term["share"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
            if no == len(terms):
                amount = total - sum(p["amount"] for p in parts)
            day = date.fromisoformat(str(term["due_date"]))
            parts.append({"no": no, "amount": amount, "left": amount, "due": day, "marks": []})
            row = {"receivable": name, "contract": contract["contract"], "customer": deal["customer"]}
            row |= {"total": money(total), "instalment": no, "share": term["share"], "amount": money(amount)}
            self.desk.add("receivables", at=minute(now), **row, due=day.isoformat())
        self.receivables[name] = {"parts": parts, "owner": deal["owner"], "currency": deal["currency"]}
        self.desk.counts["receivable.created"] += 1
        self._release(name, now)

    def _end(self, data: Row, now: datetime) -> None:
        case = self.cases[data["case_id"]]
        said = [decision for decision, _ in case["done"].values()]
        if "REJECTED" not in said and len(said) < len(NODES):
            return
        case["outcome"] = "REJECTED" if "REJECTED" in said else "APPROVED"
        on_time = sum(then <= case["at"] + timedelta(hours=24) for _, then in case["done"].values())
        row = {"case": data["case_id"], "subject": case["subject"], "outcome": case["outcome"]}
        row |= {"opened": minute(case["at"]), "closed": minute(now), "on_time": on_time, "nodes": len(said)}
        self.desk.counts["case.closed"] += 1
        self.desk.add("cases", **row, minutes=int((now - case["at"]).total_seconds()) // 60)
        contract = self.contracts.get(case["subject"])
        if contract and contract["status"] == "BLOCKED" and case["outcome"] == "APPROVED":
            contract["status"] = "EFFECTIVE"
            bare = {**contract, "customer": "", "amount": "", "currency": "", "missing": "", "case": data["case_id"]}
            self.desk.counts["contract.approved"] += 1
            self.desk.add("contracts", at=minute(now), event="contract.approved", **{**bare, "by": data["by"]})
            self.desk.clear(now, "R-19", case["subject"])

    def _allocate(self, data: Row, now: datetime) -> None:
        name, rest = data["receivable_id"], Decimal(data["amount"])
        owed, wanted = self.receivables[name], data.get("instalment_no")
        order = sorted(owed["parts"], key=lambda p: (p["no"] != wanted, p["due"], p["no"]))
        paid: list[tuple[Row, Decimal]] = []
        for part in order:
            if amount := min(part["left"], rest):
                part["left"] -= amount
                rest -= amount
                paid.append((part, amount))
        outstanding = sum((p["left"] for p in owed["parts"]), Decimal(0))
        self.desk.counts["payment.allocated"] += 1
        for part, amount in paid:
            row = {"payment": data["payment_id"], "receivable": name, "instalment": part["no"]}
            row |= {"amount": money(amount), "left": money(part["left"]), "surplus": money(rest)}
            self.desk.add("payments", at=minute(now), **row, outstanding=money(outstanding))
        settled = [part for part, _ in paid if not part["left"]]
        for part in settled:
            closed = not outstanding and part is settled[-1]
            row = {"receivable": name, "instalment": part["no"], "amount": money(part["amount"])}
            row |= {"days": (now.date() - part["due"]).days, "closed": "true" if closed else "false"}
            self.desk.counts["receivable.settled"] += 1
            self.desk.add("settled", at=minute(now), **row)
            self.desk.clear(now, "R-20", f"{name}/{part['no']}")
