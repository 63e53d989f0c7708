"""A spine partition for tests: says facts in order, and remembers what the core derived from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sharedchain.config import ConfigItem, bundle, item
from sharedchain.core import fold
from sharedchain.fact import Derived, Fact, Kind

MILLION = Decimal(1_000_000)
ROLES = {
    "E000": "president",
    "E001": "sales",
    "E002": "sales",
    "E003": "sales",
    "E010": "sales_director",
    "E020": "supply_planner",
    "E021": "supply_director",
    "E051": "receivables_accountant",
    "E081": "legal_counsel",
    "E090": "data_steward",
    "E091": "ops",
    "E100": "store_manager",
}


our_bundle = cache(bundle)


@dataclass
class Line:
    """`at` is local wall text of `zone`; every fact is folded at once unless `held`."""

    zone: str = "Asia/Shanghai"
    scope: str = "dongchen"
    now: int = 0
    events: int = 0  # facts that are neither ticks nor config: their ids do not depend on how often a clock ticks
    facts: list[Fact] = field(default_factory=list)
    said: list[Derived] = field(default_factory=list)
    state: fold.State = field(default_factory=fold.new_state)

    def ms(self, at: str) -> int:
        return round(datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(self.zone)).timestamp() * 1000)

    def add(self, kind: Kind, type_: str, data: Mapping[str, Any], **more: Any) -> list[Derived]:
        seq = len(self.facts) + 1
        self.events += kind not in ("tick", "config")
        plain: dict[str, Any] = {
            "scope": self.scope,
            "id": f"e{self.events}",
            "source": "crm",
            "subject": "",
            "time": self.now,
        }
        fact = Fact(
            partition=3,
            seq=seq,
            recorded=self.now,
            kind=kind,
            type=type_,
            data=data,
            tenant=self.scope,
            **(plain | more),
        )
        self.facts.append(fact)
        self.state, said = fold.step(self.state, [fact])
        self.said += said
        return said

    def configure(self, items: list[ConfigItem]) -> None:
        for one in items:
            self.add("config", "config.defined", one.said, scope="_system", id=f"{one.kind}/{one.name}/{one.hash}")

    def begin(self, at: str, **tenant: Any) -> None:
        """All of our rules, and one tenant (driven unless said otherwise) with its employees, at local time `at`."""
        self.now = self.ms(at)
        settings = {"mode": "driven", "timezone": self.zone, "currency": "CNY", "language": "zh", "packs": ["dongchen"]}
        self.configure([*our_bundle(), item("tenant", self.scope, settings | tenant)])
        if (settings | tenant)["mode"] == "driven":
            self.tick(at)
        for id_, role in ROLES.items():
            self.employee(id_, role)

    def tick(self, at: str | int, scope: str | None = None) -> list[Derived]:
        self.now = at if isinstance(at, int) else self.ms(at)
        name = self.scope if scope is None else scope
        data = {"at": self.now, "n": len(self.facts)}
        return self.add("tick", "clock.ticked", data, scope=name, id=f"tick{len(self.facts)}", source="clock")

    def employee(self, id_: str, role: str) -> list[Derived]:
        channels = {"email": f"{id_}@example.com", "im": id_}
        data = {"employee_id": id_, "org_id": "ORG", "role": role, "name": id_, "channels": channels}
        return self.add("fact", "master.employee.upserted", {**data, "valid_from": None, "valid_to": None})

    def target(self, amount: int, period: str = "2026Q2", **more: Any) -> list[Derived]:
        data = {"target_id": f"T-{period}", "period": period, "org_id": "SALES", "metric": "sales", "currency": "CNY"}
        return self.add("fact", "target.set", {**data, "amount": amount * MILLION, "parent_target_id": None, **more})

    def forecast(self, region: str, version: int, parts: Mapping[str, int], **more: Any) -> list[Derived]:
        """`parts`: opportunity id (or "" for experience) → millions."""
        owner = {"DE": "E001", "BR": "E002", "CN": "E003"}.get(region, "E001")
        lines: list[dict[str, Any]] = [
            {"line_id": f"L{n}", "basis": "PROJECT" if opp else "EXPERIENCE", "amount": amount * MILLION}
            | {"opportunity_id": opp or None}
            for n, (opp, amount) in enumerate(parts.items())
        ]
        data = {"forecast_id": f"FC-{region}", "version": version, "period": "2026Q2", "org_id": "SALES"}
        data |= {"region": region, "owner_id": owner, "reason": None, "currency": "CNY", "lines": lines}
        envelope = {key: more.pop(key) for key in ("time", "backfill", "id") if key in more}
        return self.add("fact", "forecast.published", data | more, **envelope)

    def opportunity(self, id_: str, amount: int, **more: Any) -> list[Derived]:
        """An opportunity of so many millions comes to be."""
        data: dict[str, Any] = {"opportunity_id": id_, "lead_id": f"LEAD-{id_}", "customer_id": None}
        data |= {"industry": None, "demand_type": None, "amount": amount * MILLION, "currency": "CNY"}
        data |= {"product_id": None, "contact_ids": [], "owner_id": "E001", "region": "DE", "channel": None}
        envelope = {key: more.pop(key) for key in ("time", "backfill", "id") if key in more}
        return self.add("fact", "opportunity.created", {**data, "stage": "FOLLOWING", **more}, **envelope)

    def move(self, type_: str, id_: str, **more: Any) -> list[Derived]:
        """Something happens to an opportunity: lost, signed, another amount or stage."""
        envelope = {key: more.pop(key) for key in ("time", "backfill", "id") if key in more}
        return self.add("fact", type_, {"opportunity_id": id_, "reason": "PRICE", **more}, **envelope)

    def contract(self, id_: str, opportunity: str, *missing: str) -> list[Derived]:
        """A contract as ingest derives it: blocked by the nodes that are missing."""
        data: dict[str, Any] = {"contract_id": id_, "opportunity_id": opportunity, "lead_id": "L", "customer_id": "C"}
        data |= {"region": "CN", "product_id": None, "owner_id": "E003", "amount": 30 * MILLION, "currency": "CNY"}
        data |= {"approvals": {}, "missing": list(missing), "approval_case_id": None, "signed_at": self.now}
        return self.add("fact", "contract.created", {**data, "status": "BLOCKED" if missing else "EFFECTIVE"})

    def approved(self, id_: str, opportunity: str) -> list[Derived]:
        data = {"contract_id": id_, "opportunity_id": opportunity, "case_id": "CA", "by": "E081", "at": self.now}
        return self.add("fact", "contract.approved", {**data, "status": "EFFECTIVE", "owner_id": "E003"})

    def instalment(self, what: str, id_: str, no: int, days: int, **more: Any) -> list[Derived]:
        """`what` is overdue or settled."""
        data: dict[str, Any] = {"receivable_id": id_, "instalment_no": no, "days": days, "currency": "CNY"}
        data |= {"amount": Decimal("14400000.00"), "customer_id": "C-DE-01", "owner_id": "E001"}
        data |= {"due_date": date(2026, 5, 3)} if what == "overdue" else {"closed": False}
        return self.add("fact", f"receivable.{what}", data, **more)

    def reading(self, equipment: str, metric: str, value: str, unit: str = "°C", **more: Any) -> list[Derived]:
        data = {"equipment_id": equipment, "component_id": "B", "metric": metric, "value": Decimal(value)}
        return self.add("fact", "sensor.reading", {**data, "unit": unit, "quality_flag": None, "at": None}, **more)

    def equipment(self, id_: str, store: str | None, **setpoints: tuple[str, str, str]) -> list[Derived]:
        """`setpoints`: parameter → value, tolerance, unit."""
        said = [
            {"parameter": name, "value": Decimal(value), "tolerance": Decimal(tolerance), "unit": unit}
            for name, (value, tolerance, unit) in setpoints.items()
        ]
        data: dict[str, Any] = {
            "equipment_id": id_,
            "type": "COFFEE",
            "customer_id": None,
            "store_id": store,
            "location": None,
        }
        data |= {"components": None, "setpoints": said, "installed_at": None}
        return self.add("fact", "master.equipment.upserted", data)

    def store(self, id_: str, manager: str) -> list[Derived]:
        data = {"store_id": id_, "name": id_, "org_id": None, "location": None, "opening_hours": None}
        return self.add("fact", "master.store.upserted", {**data, "manager_id": manager})

    def refuse(
        self,
        type_: str,
        subject: str,
        field_: str,
        owner: str = "",
        reason: str = "missing_field",
        value: str | None = None,
    ) -> list[Derived]:
        data = {"original_topic": "t", "original_partition": 0, "original_offset": 1, "original_type": type_}
        data |= {"original_id": "x", "original_source": "crm", "subject": subject, "reason": reason, "field": field_}
        data |= {"text": f"{field_} is missing", "owner": owner, "schema_id": 1, "dlq_topic": "t.dlq.v1"}
        data |= {"value": value}
        return self.add("refusal", "record.rejected", data, subject=subject)

    def alerts(self) -> list[tuple[str, str, str, str, str, list[str]]]:
        """(local time, transition, rule, subject, severity, recipients) of every alert event."""
        return [
            (
                self.local(d.recorded),
                d.type.removeprefix("alert."),
                d.data["rule_id"],
                d.data["subject"],
                d.data["severity"],
                d.data["recipients"],
            )
            for d in self.said
            if d.type.startswith("alert.")
        ]

    def rows(self, measure: str, **dims: str) -> list[tuple[str, Decimal | None]]:
        """(local minute, value) of a measure's rows with exactly these dims."""
        return [
            (self.local(d.data["minute"]), d.data["value"])
            for d in self.said
            if d.type == "metric.minute.computed" and d.data["metric_id"] == measure and d.data["dims"] == dims
        ]

    def local_day(self, ms: int) -> str:
        return datetime.fromtimestamp(ms / 1000, ZoneInfo(self.zone)).strftime("%Y-%m-%d")

    def local(self, ms: int) -> str:
        return datetime.fromtimestamp(ms / 1000, ZoneInfo(self.zone)).strftime("%m-%d %H:%M")
