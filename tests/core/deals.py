"""What ingest appends from lead to cash, said in order on a Line: hand-made facts, no lifecycle behind them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.measures import declared, level
from sharedchain.core.ruleset import ruleset
from sharedchain.fact import Derived
from tests.core.line import MILLION, Line

INGEST = "sharedchain:ingest"


@dataclass
class Deals:
    line: Line

    def lead(self, id_: str, region: str = "CN", owner: str = "E003", **more: Any) -> list[Derived]:
        data: dict[str, Any] = {
            "lead_id": id_,
            "customer_industry": "MANUFACTURING",
            "owner_id": owner,
            "region": region,
        }
        data |= {"channel": "fair", "expected_amount": MILLION}
        return self.line.add("fact", "lead.captured", data, **more)

    def contact(self, lead: str, **more: Any) -> list[Derived]:
        return self.line.add("fact", "lead.contact.logged", {"lead_id": lead, "contact_id": "C", "at": None}, **more)

    def drop(self, lead: str) -> list[Derived]:
        return self.line.add("fact", "lead.disqualified", {"lead_id": lead, "reason": "no budget"})

    def convert(self, lead: str, opportunity: str, amount: int, region: str = "CN", **more: Any) -> list[Derived]:
        """The conversion, and the opportunity that ingest derives of it."""
        said = self.line.add("fact", "lead.converted", {"lead_id": lead, "opportunity_id": opportunity})
        more = {"region": region, "lead_id": lead, "source": INGEST, "industry": "MANUFACTURING"} | more
        source = more.pop("source")
        data = {"opportunity_id": opportunity, "customer_id": "", "amount": amount * MILLION, "currency": "CNY"}
        data |= {"product_id": None, "owner_id": "E003", "stage": "FOLLOWING", **more}
        return said + self.line.add("fact", "opportunity.created", data, source=source)

    def stage(self, opportunity: str, old: str, new: str) -> list[Derived]:
        data = {"opportunity_id": opportunity, "from": old, "to": new}
        return self.line.add("fact", "opportunity.stage.changed", data)

    def lose(self, opportunity: str) -> list[Derived]:
        return self.line.add("fact", "opportunity.lost", {"opportunity_id": opportunity, "reason": "PRICE"})

    def sign(
        self,
        opportunity: str,
        no: int,
        terms: Mapping[str, str],
        *,
        amount: int,
        customer: str,
        region: str = "CN",
        currency: str = "CNY",
        status: str = "EFFECTIVE",
        at: int | None = None,
        **envelope: Any,
    ) -> list[Derived]:
        """The signing, the contract and the receivable. `terms`: due day → share."""
        total, at = amount * MILLION, self.line.now if at is None else at
        envelope = {"time": at, **envelope}
        shared: dict[str, Any] = {"opportunity_id": opportunity, "customer_id": customer, "currency": currency}
        said = self.line.add("fact", "opportunity.signed", {**shared, "amount": total, "signed_at": at}, **envelope)
        shared |= {"contract_id": f"CT-2026-{no:04d}", "region": region, "owner_id": "E003"}
        data = {**shared, "amount": total, "status": status, "signed_at": at}
        said += self.line.add("fact", "contract.created", data, source=INGEST, **envelope)
        parts = [
            {"no": n, "share": Decimal(share), "amount": total * Decimal(share), "due_date": date.fromisoformat(due)}
            for n, (due, share) in enumerate(terms.items(), 1)
        ]
        data = {**shared, "receivable_id": f"AR-{no:04d}", "total": total, "instalments": parts}
        return said + self.line.add("fact", "receivable.created", data, source=INGEST, **envelope)

    def pay(self, receivable: str, *parts: tuple[int, int | Decimal, int | Decimal]) -> list[Derived]:
        """`parts`: instalment, millions paid, millions left."""
        said = [
            {"instalment_no": no, "amount": Decimal(paid) * MILLION, "left": Decimal(left) * MILLION}
            for no, paid, left in parts
        ]
        data = {"payment_id": f"PAY-{len(self.line.facts)}", "receivable_id": receivable, "parts": said}
        return self.line.add("fact", "payment.allocated", data, source=INGEST)

    def last(self, measure: str, **dims: str) -> Decimal | str | None:
        """The value of a gauge's last row; "no row" if it never had one."""
        found = self.line.rows(measure, **dims)
        return found[-1][1] if found else "no row"

    def level(self, measure: str) -> dict[str, Decimal | None]:
        """A level as the gateway computes it of the rows that were told."""
        bodies = [{"body": item.body} for key, item in self.line.state.config.items() if key.startswith("measure/")]
        assert not ruleset(self.line.state).broken
        told: dict[tuple[str, str, int], Decimal] = {}
        for one in (d.data for d in self.line.said if d.type == "metric.minute.computed"):
            told[one["metric_id"], json.dumps(one["dims"], sort_keys=True, separators=(",", ":")), one["minute"]] = one[
                "value"
            ]
        totals: dict[str, dict[str, Decimal]] = {}
        for (id_, dims, _), value in told.items():
            known = totals.setdefault(id_, {})
            known[dims] = known.get(dims, Decimal(0)) + (value or 0)
        return dict(level(declared(bodies), measure, totals))
