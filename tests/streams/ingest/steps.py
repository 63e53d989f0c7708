"""The steps of a deal, published through a rig: as short as a test wants to say them."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from sharedchain.fact import Fact
from tests.streams.ingest.rig import NOW, Rig, lead

WAY = ["FOLLOWING", "PROJECT_APPROVED", "IN_REVIEW", "BIDDING"]
GATES = {"PROJECT_APPROVED": "project_brief", "IN_REVIEW": "review_minutes", "BIDDING": "bid_document"}
STAFF = {"E081": "legal_counsel", "E050": "finance_controller", "E010": "sales_director", "E003": "sales"}
SE = yaml.safe_load((Path(__file__).parents[2] / "data" / "flows" / "SE.yaml").read_text("utf-8"))


class Deal:
    """One tenant's deals on a rig; `said` goes with every event."""

    def __init__(self, rig: Rig | None = None, **said: Any) -> None:
        self.rig = rig or Rig()
        self.said = said

    def tell(self, kind: str, **data: Any) -> list[Fact]:
        """One event, its fields by name (`from_` is `from`)."""
        return self.rig.publish(kind, {name.rstrip("_"): value for name, value in data.items()}, **self.said)

    def hire(self, **people: str) -> None:
        """Employees by id and role."""
        for person, role in (people or STAFF).items():
            data = {"employee_id": person, "org_id": "ORG", "role": role}
            self.rig.publish("master.employee.upserted", data, **{**self.said, "source": "hr", "id": person})

    def lead(self, lead_id: str = "L-1", **changes: Any) -> list[Fact]:
        return self.tell("lead.captured", **lead(lead_id, **{"customer_id": "C-1", "region": "CN"} | changes))

    def opened(self, opportunity: str = "P-1", lead_id: str = "L-1", **changes: Any) -> list[Fact]:
        """An opportunity in its first stage."""
        self.lead(lead_id, **changes)
        return self.tell("lead.converted", lead_id=lead_id, opportunity_id=opportunity)

    def move(self, opportunity: str, here: str, there: str, *evidence: str) -> list[Fact]:
        kinds = evidence or ((GATES[there],) if there in GATES else ())
        given = [{"kind": kind, "ref": "DOC-1"} for kind in kinds]
        return self.tell("opportunity.stage.changed", opportunity_id=opportunity, from_=here, to=there, evidence=given)

    def bidding(self, opportunity: str = "P-1", lead_id: str = "L-1", **changes: Any) -> None:
        """An opportunity that can be signed."""
        self.opened(opportunity, lead_id, **changes)
        for here, there in itertools.pairwise(WAY):
            self.move(opportunity, here, there)

    def sign(self, opportunity: str = "P-1", amount: str = "100.00", **changes: Any) -> list[Fact]:
        data = {"opportunity_id": opportunity, "amount": Decimal(amount), "signed_at": self.rig.now}
        return self.tell("opportunity.signed", **data | changes)

    def case(self, case_id: str = "CA-1", subject: str = "P-1", template: str = "CA", **changes: Any) -> list[Fact]:
        return self.tell("case.opened", **{"case_id": case_id, "template_id": template, "subject": subject} | changes)

    def done(self, case_id: str, node: str, by: str = "E010", decision: str = "APPROVED", **more: Any) -> list[Fact]:
        return self.tell("case.node.completed", case_id=case_id, node_id=node, by=by, decision=decision, **more)

    def approved(self, opportunity: str = "P-1", case_id: str = "CA-1") -> None:
        """A case that approves the contract of this opportunity."""
        self.case(case_id, opportunity)
        self.done(case_id, "legal")
        self.done(case_id, "finance")

    def pay(self, amount: str, receivable: str = "AR-0001", payment: str = "PAY-1", **changes: Any) -> list[Fact]:
        data = {"payment_id": payment, "receivable_id": receivable, "amount": Decimal(amount)}
        return self.tell("payment.received", **data | {"received_at": self.rig.now} | changes)


def term(share: str, due: str | date) -> dict[str, Any]:
    return {"share": Decimal(share), "due_date": date.fromisoformat(due) if isinstance(due, str) else due}


def types(facts: list[Fact]) -> list[str]:
    """What they are, refusals by their reason."""
    return [f.data["reason"] if f.kind == "refusal" else f.type for f in facts]


def only(facts: list[Fact], kind: str) -> list[dict[str, Any]]:
    """What the facts of one type say."""
    return [dict(f.data) for f in facts if f.type == kind]


__all__ = ["NOW", "SE", "STAFF", "WAY", "Deal", "only", "term", "types"]
