"""The lifecycle as its contract says it, once more and small: what each record must become.

Written from docs/decisions/0005 and the contract of the topics alone, never from streams/ingest: where
the two differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from sharedchain.flow import Profile, Template
from tests.streams.ingest.deal import (
    Case,
    Contract,
    Lead,
    Opportunity,
    Receivable,
    Said,
    Told,
    day,
    instalments,
)


class Model:
    """`take` says what a record must become, and is then in the state behind it."""

    def __init__(self, profile: Profile, templates: Mapping[str, Template], staff: Mapping[str, str]) -> None:
        self.profile, self.templates, self.staff = profile, templates, staff  # staff: employee → role
        self.now = 0
        self.leads: dict[str, Lead] = {}
        self.opportunities: dict[str, Opportunity] = {}
        self.receivables: dict[str, Receivable] = {}
        self.payments: set[str] = set()
        self.cases: dict[str, Case] = {}  # in the order of their opening
        self.contracts: dict[int, int] = {}  # year → how many
        self.parked: list[tuple[Said, int]] = []  # with its deadline
        self._named: dict[str, dict[str, Any]] = {}
        self._saids: dict[tuple[str, ...], dict[str, Any]] = {}
        self._refused: set[tuple[str, str, frozenset[str]]] = set()

    # ---- what comes in

    def take(self, said: Said) -> list[Told]:
        """One published record."""
        before = self._named.get(said.id)
        if before is not None:
            return [] if before == said.data else [_refusal(said, {"conflict"})]
        if said.told and self._saids.get(said.told) == said.data:
            return []
        if (parent := said.parent) and not self._exists(*parent):
            self._remember(said)
            self.parked.append((said, self.now + 86_400_000))
            return [Told("parked", said.type, said.subject)]
        if reasons := set(self._faults(said.type, said.data)):
            return [_refusal(said, reasons)]
        self._remember(said)
        return list(self._accepted(said))

    def tick(self, at: int) -> list[Told]:
        """Everything that falls due, in no promised order."""
        self.now = at
        today = day(at)
        late = [said for said, deadline in self.parked if deadline <= at]
        self.parked = [one for one in self.parked if one[1] > at]
        for said in late:
            self._forget(said)
        found = [_refusal(said, {"orphan"}) for said in late]
        for name, receivable in self.receivables.items():
            for no, part in enumerate(receivable.parts, 1):
                for mark in self.profile.overdue_marks:
                    if mark in part.told or not part.left or today < part.due + timedelta(days=mark):
                        continue
                    part.told.add(mark)
                    said_ = {"instalment_no": no, "days": (today - part.due).days, "amount": part.left}
                    root = self._correlation("receivable", name)
                    found.append(Told("fact", "receivable.overdue", name, root, {**said_, "due_date": part.due}))
        return found

    # ---- may it follow what is there?

    def _exists(self, entity: str, name: str) -> bool:
        kinds: dict[str, Mapping[str, Any]] = {
            "lead": self.leads,
            "opportunity": self.opportunities,
            "receivable": self.receivables,
            "case": self.cases,
        }
        return name in kinds[entity]

    def _faults(self, type_: str, data: Mapping[str, Any]) -> Iterator[str]:
        match type_:
            case "lead.captured" if data["lead_id"] in self.leads:
                yield "domain"
            case "lead.disqualified" | "lead.converted":
                if self.leads[data["lead_id"]].state != "OPEN":
                    yield "transition"
                if type_ == "lead.converted" and data["opportunity_id"] in self.opportunities:
                    yield "domain"
            case "opportunity.stage.changed":
                yield from self._move(data)
            case "opportunity.amount.changed" | "opportunity.lost":
                if not self.profile.stage(self.opportunities[data["opportunity_id"]].stage):
                    yield "transition"
            case "opportunity.signed":
                yield from self._signing(data)
            case "payment.received" if data["payment_id"] in self.payments:
                yield "domain"
            case "payment.received" if data["receivable_id"]:
                parts = self.receivables[data["receivable_id"]].parts
                if data["instalment_no"] is not None and not 1 <= data["instalment_no"] <= len(parts):
                    yield "domain"
                if data["currency"] not in (None, "CNY"):
                    yield "domain"
            case "case.opened":
                if data["case_id"] in self.cases or data["template_id"] not in self.templates:
                    yield "domain"
            case "case.node.completed":
                yield from self._completion(data)

    def _move(self, data: Mapping[str, Any]) -> Iterator[str]:
        present, wanted = self.opportunities[data["opportunity_id"]].stage, self.profile.stage(data["to"])
        stage = self.profile.stage(present)
        if stage is None or data["from"] != present or data["to"] not in stage.next:
            yield "transition"
        if wanted and not set(wanted.gate) <= {one["kind"] for one in data["evidence"] or ()}:
            yield "evidence"

    def _signing(self, data: Mapping[str, Any]) -> Iterator[str]:
        opportunity = self.opportunities[data["opportunity_id"]]
        if opportunity.stage not in self.profile.signed_from:
            yield "transition"
        if data["payment_terms"] and sum(term["share"] for term in data["payment_terms"]) != 1:
            yield "domain"
        if data["currency"] not in (None, "CNY"):
            yield "domain"
        if not (opportunity.customer or data["customer_id"]):
            yield "missing_field"

    def _completion(self, data: Mapping[str, Any]) -> Iterator[str]:
        case = self.cases[data["case_id"]]
        node = case.template.node(data["node_id"])
        if node is None:
            yield from ("domain", "transition")
            return
        if case.outcome or case.nodes.get(node.id) != "STARTED":
            yield from ("domain", "transition")
        roles = set(self.staff.values())
        if node.role in roles and self.staff.get(data["by"]) not in (node.role, node.accountable):
            yield "permission"
        if not set(node.evidence) <= {one["kind"] for one in data["evidence"] or ()}:
            yield "evidence"

    # ---- what follows

    def _accepted(self, said: Said) -> Iterator[Told]:
        subject, data = said.subject, said.data
        root = self._correlation(*said.parent) if said.parent else self._own_root(said)
        yield Told("fact", said.type, subject, root)
        match said.type:
            case "lead.captured":
                self.leads[subject] = Lead(data)
                yield from self._released("lead", subject)
            case "lead.contact.logged":
                known = self.leads[subject].contacts
                known += [data["contact_id"]] if data["contact_id"] not in known else []
            case "lead.disqualified":
                self.leads[subject].state = "DISQUALIFIED"
            case "lead.converted":
                yield from self._converted(data)
            case "opportunity.stage.changed":
                self.opportunities[subject].stage = data["to"]
            case "opportunity.amount.changed":
                self.opportunities[subject].amount = data["new"]
            case "opportunity.lost":
                self.opportunities[subject].stage = "LOST"
            case "opportunity.signed":
                yield from self._signed(data)
            case "payment.received":
                self.payments.add(data["payment_id"])
                if data["receivable_id"]:
                    yield from self._paid(data)
            case "case.opened":
                self.cases[subject] = Case(self.templates[data["template_id"]], data["subject"], root)
                yield from self._started(subject)
                yield from self._released("case", subject)
            case "case.node.completed":
                yield from self._completed(data)

    def _converted(self, data: Mapping[str, Any]) -> Iterator[Told]:
        lead, name = self.leads[data["lead_id"]], str(data["opportunity_id"])
        lead.state = "CONVERTED"
        customer = lead.data["customer_id"] or data["customer_id"]
        amount = lead.data["expected_amount"]
        self.opportunities[name] = Opportunity(lead, self.profile.start, amount, customer)
        copied = {"lead_id": data["lead_id"], "customer_id": customer, "amount": amount, "currency": "CNY"}
        copied |= {"prospect_name": lead.data["prospect_name"], "industry": lead.data["customer_industry"]}
        copied |= {n: lead.data[n] for n in ("demand_type", "owner_id", "region", "channel")}
        copied |= {"contact_ids": list(lead.contacts), "stage": self.profile.start}
        yield Told("fact", "opportunity.created", name, data["lead_id"], copied)
        yield from self._released("opportunity", name)

    def _signed(self, data: Mapping[str, Any]) -> Iterator[Told]:
        name, amount = str(data["opportunity_id"]), data["amount"]
        opportunity = self.opportunities[name]
        opportunity.stage, opportunity.amount = "SIGNED", amount
        root, customer = opportunity.lead.data["lead_id"], opportunity.customer or data["customer_id"]
        year = day(data["signed_at"]).year
        self.contracts[year] = self.contracts.get(year, 0) + 1
        contract = f"CT-{year}-{self.contracts[year]:04d}"
        case_id = data["approval_case_id"] or self._newest(name)
        case = self.cases.get(case_id or "")
        approved = {n: case.by[n] for n, d in case.nodes.items() if d == "APPROVED"} if case else {}
        missing = [n.id for n in self.templates["CA"].nodes if n.id not in approved]
        status = "EFFECTIVE" if case and case.outcome == "APPROVED" else "BLOCKED"
        opportunity.contract = Contract(contract, status == "BLOCKED", case_id)
        said = {"opportunity_id": name, "amount": amount, "status": status, "missing": missing, "customer_id": customer}
        said |= {"approvals": approved, "approval_case_id": case_id, "currency": "CNY", "lead_id": root}
        yield Told("fact", "contract.created", contract, root, said)
        receivable = f"AR-{len(self.receivables) + 1:04d}"
        parts = list(instalments(amount, data["payment_terms"], day(data["signed_at"]), self.profile))
        self.receivables[receivable] = Receivable(name, customer, parts)
        owed = [{"no": n, "amount": p.amount, "due_date": p.due} for n, p in enumerate(parts, 1)]
        bill = {"contract_id": contract, "opportunity_id": name, "total": amount, "instalments": owed}
        yield Told("fact", "receivable.created", receivable, root, {**bill, "customer_id": customer})
        yield from self._released("receivable", receivable)

    def _newest(self, opportunity: str) -> str | None:
        found = [
            n for n, c in self.cases.items() if c.subject == opportunity and c.template.id == self.profile.approval
        ]
        return found[-1] if found else None

    def _paid(self, data: Mapping[str, Any]) -> Iterator[Told]:
        name = str(data["receivable_id"])
        receivable, rest = self.receivables[name], data["amount"]
        order = sorted(range(1, len(receivable.parts) + 1), key=lambda no: (receivable.parts[no - 1].due, no))
        if wanted := data["instalment_no"]:
            order.sort(key=lambda no: no != wanted)
        shared = []
        for no in order:
            part = receivable.parts[no - 1]
            if taken := min(rest, part.left):
                part.left -= taken
                rest -= taken
                shared.append({"instalment_no": no, "amount": taken, "left": part.left})
        outstanding, root = sum(p.left for p in receivable.parts), self._correlation("receivable", name)
        said = {"parts": shared, "outstanding": outstanding, "surplus": rest, "payment_id": data["payment_id"]}
        yield Told("fact", "payment.allocated", name, root, said)
        settled = [one["instalment_no"] for one in shared if not one["left"]]
        for no in settled:
            part = receivable.parts[no - 1]
            days = (day(data["received_at"]) - part.due).days
            said = {"instalment_no": no, "amount": part.amount, "days": days}
            last = {"closed": not outstanding} if no == settled[-1] else {}
            yield Told("fact", "receivable.settled", name, root, said | last)

    def _started(self, name: str) -> Iterator[Told]:
        case = self.cases[name]
        done = {n for n, d in case.nodes.items() if d != "STARTED"}
        for node in case.template.nodes:
            if node.id in case.nodes or not set(node.after) <= done:
                continue
            case.nodes[node.id] = "STARTED"
            holders = sorted(e for e, role in self.staff.items() if role == node.role)
            said = {"node_id": node.id, "responsible_id": holders[0] if holders else "", "role": node.role}
            yield Told("fact", "case.node.started", name, case.correlation, said)

    def _completed(self, data: Mapping[str, Any]) -> Iterator[Told]:
        name, decision = str(data["case_id"]), data["decision"]
        case = self.cases[name]
        case.nodes[data["node_id"]], case.by[data["node_id"]] = decision, data["by"]
        if decision != "REJECTED":
            yield from self._started(name)
        ended = all(n.id in case.nodes and case.nodes[n.id] != "STARTED" for n in case.template.nodes)
        if not (ended or decision == "REJECTED"):
            return
        good = "APPROVED" if case.template.outcome == "approval" else "DONE"
        case.outcome = "REJECTED" if decision == "REJECTED" else good
        count = sum(d != "STARTED" for d in case.nodes.values())
        said = {"subject": case.subject, "outcome": case.outcome, "template_id": case.template.id}
        yield Told("fact", "case.closed", name, case.correlation, said | ({"nodes_total": count} if ended else {}))
        opportunity = self.opportunities.get(case.subject)
        contract = opportunity.contract if opportunity else None
        if opportunity and contract and contract.waits and case.outcome == "APPROVED":
            contract.waits = False
            said = {"opportunity_id": case.subject, "case_id": name, "by": data["by"], "status": "EFFECTIVE"}
            yield Told("fact", "contract.approved", contract.id, case.correlation, said)

    def _released(self, entity: str, name: str) -> Iterator[Told]:
        mine = [said for said, _ in self.parked if said.parent == (entity, name)]
        self.parked = [one for one in self.parked if one[0].parent != (entity, name)]
        for said in mine:
            if reasons := set(self._faults(said.type, said.data)):
                self._forget(said)
                yield _refusal(said, reasons)
            else:
                self._remember(said)
                yield from self._accepted(said)

    # ---- who belongs to what

    def _correlation(self, entity: str, name: str) -> str:
        match entity:
            case "opportunity":
                return str(self.opportunities[name].lead.data["lead_id"])
            case "receivable":
                return self._correlation("opportunity", self.receivables[name].opportunity)
            case "case":
                return self.cases[name].correlation
        return name

    def _own_root(self, said: Said) -> str:
        if said.type == "case.opened" and said.data["subject"] in self.opportunities:
            return self._correlation("opportunity", said.data["subject"])
        return said.subject if said.type in ("lead.captured", "case.opened") else ""

    def _remember(self, said: Said) -> None:
        self._named[said.id] = said.data
        if said.told:
            self._saids[said.told] = said.data

    def _forget(self, said: Said) -> None:
        self._named.pop(said.id)
        if said.told:
            self._saids.pop(said.told, None)


def _refusal(said: Said, reasons: set[str]) -> Told:
    return Told("refusal", said.type, said.subject, reasons=frozenset(reasons))
