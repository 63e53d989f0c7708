"""What a story must lead to, worked out the slow way: no code, no data of the product is used here.

It walks through local minutes in the tenant's zone: refusals at once, midnights for stale
forecasts, one minute after each change for coverage and change of the period's total.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = dict[str, Any]
REQUIRED = {
    "lead.captured": ["customer_industry", "demand_type", "expected_amount", "owner_id"],
    "master.customer.upserted": ["name", "industry", "region", "org_structure", "decision_chain", "owner_id"],
}
DEMANDS = {"NEW"}
COLUMNS = ("escalated", "told_then", "resolved")


def minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def four(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.0001"), ROUND_HALF_UP))


@dataclass
class Company:
    """One tenant's life."""

    people: dict[str, Row] = field(default_factory=dict)
    targets: dict[str, Decimal] = field(default_factory=dict)
    forecasts: dict[str, tuple[int, date, Row]] = field(default_factory=dict)
    open: dict[tuple[str, str], Row] = field(default_factory=dict)
    last_total: dict[str, Decimal] = field(default_factory=dict)
    dirty: set[str] = field(default_factory=set)
    out: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def role(self, *roles: str) -> list[str]:
        return sorted(p for p, row in self.people.items() if row["role"] in roles)

    def tell(self, rule: str, subject: str, transition: str, severity: str, who: list[str]) -> None:
        row = {"rule": rule, "subject": subject, "transition": transition}
        for person in who:
            self.out["inbox"].append({"recipient": person, **row})
            self.out["mails"].append({"to": self.people[person]["channels"]["email"], **row})
            if severity == "RED":
                self.out["webhooks"].append({"to": person, **row})
        if severity == "RED":
            self.out["lamps"].append({"rule": rule, "subject": subject, "state": "ON"})

    def ring(self, at: datetime, rule: str, subject: str, severity: str, value: str, who: list[str]) -> Row:
        row = {"opened": minute(at), "rule": rule, "subject": subject, "severity": severity, "value": value}
        row |= {"recipients": ",".join(who), **dict.fromkeys(COLUMNS, ""), "_now": severity}
        self.out["alerts"].append(row)
        self.tell(rule, subject, "raised", severity, who)
        return row

    def clear(self, at: datetime, rule: str, subject: str) -> None:
        if row := self.open.pop((rule, subject), None):
            row["resolved"] = minute(at)
            if row["_now"] == "RED":
                self.out["lamps"].append({"rule": rule, "subject": subject, "state": "OFF"})

    def total(self, period: str) -> Decimal:
        lines = [line for _, _, f in self.forecasts.values() if f["period"] == period for line in f["lines"]]
        return sum((Decimal(line["amount"]) for line in lines), Decimal(0))

    def refuse(self, at: datetime, kind: str, data: Row, reason: str, name: str) -> None:
        subject = data.get("lead_id") or data.get("customer_id") or data["forecast_id"]
        self.out["refusals"].append(
            {"at": minute(at), "type": kind, "subject": subject, "reason": reason, "field": name}
        )
        if kind == "lead.captured" and reason == "missing_field":
            self.ring(at, "R-15", subject, "YELLOW", "", [data["owner_id"]])
        if kind == "master.customer.upserted" and reason == "missing_field":
            self.ring(at, "R-16", subject, "YELLOW", "", self.role("data_steward"))

    def record(self, at: datetime, kind: str, data: Row) -> None:
        for name in REQUIRED.get(kind, []):
            if not data.get(name):
                return self.refuse(at, kind, data, "missing_field", name)
        if kind == "lead.captured" and data["demand_type"] not in DEMANDS:
            return self.refuse(at, kind, data, "unknown_term", "demand_type")
        if kind == "master.employee.upserted":
            self.people[data["employee_id"]] = data
        elif kind == "target.set":
            self.targets[data["period"]] = Decimal(data["amount"])
        elif kind == "forecast.published":
            if data["version"] <= self.forecasts.get(data["forecast_id"], (0,))[0]:
                return self.refuse(at, kind, data, "domain", "version")
            self.publish(at, data)
        return None

    def publish(self, at: datetime, data: Row) -> None:
        name, period = data["forecast_id"], data["period"]
        old = self.forecasts.get(name)
        self.forecasts[name] = (data["version"], at.date(), data)
        money = {
            b: sum(Decimal(x["amount"]) for x in data["lines"] if x["basis"] == b) for b in ("PROJECT", "EXPERIENCE")
        }
        total = sum((Decimal(x["amount"]) for x in data["lines"]), Decimal(0))
        before = "" if old is None else f"{sum(Decimal(x['amount']) for x in old[2]['lines']):.2f}"
        self.out["live"].append(
            {"at": minute(at), "forecast": name, "version": data["version"], "old": before, "total": f"{total:.2f}"}
            | {"project": f"{money['PROJECT']:.2f}", "experience": f"{money['EXPERIENCE']:.2f}"}
        )
        self.out["live_totals"] = [r for r in self.out["live_totals"] if (r["at"], r["period"]) != (minute(at), period)]
        self.out["live_totals"].append({"at": minute(at), "period": period, "total": f"{self.total(period):.2f}"})
        self.clear(at, "R-01", name)
        self.dirty.add(period)

    def midnight(self, at: datetime) -> None:
        for name, (version, day, data) in sorted(self.forecasts.items()):
            age = (at.date() - day).days
            if age > 10 and ("R-01", name) not in self.open:
                owner = data["owner_id"]
                self.open["R-01", name] = self.ring(at, "R-01", name, "YELLOW", four(Decimal(age)), [owner])
                self.out["stale"].append(
                    {"at": minute(at), "forecast": name, "age_days": age, "last_version": version, "owner": owner}
                )

    def close_minute(self, at: datetime) -> None:
        for period in sorted(self.dirty):
            total, before = self.total(period), self.last_total.get(period)
            if total == before:
                continue
            self.last_total[period] = total
            self.coverage(at, period, total / self.targets[period])
            if before:
                self.moved(at, period, (total - before) / before)
        self.dirty.clear()

    def coverage(self, at: datetime, period: str, share: Decimal) -> None:
        known = self.open.get(("R-03", period))
        level = "RED" if share < Decimal("0.85") else "YELLOW" if share < Decimal("0.95") else ""
        few = self.role("sales_director", "supply_planner")
        who = self.role("sales_director", "supply_planner", "supply_director", "president") if level == "RED" else few
        if not level:
            self.clear(at, "R-03", period)
        elif known is None:
            self.open["R-03", period] = self.ring(at, "R-03", period, level, four(share), who)
        elif level == "RED" and known["_now"] == "YELLOW":
            known |= {"escalated": f"{minute(at)} RED {four(share)}", "told_then": ",".join(who), "_now": "RED"}
            self.tell("R-03", period, "escalated", "RED", who)

    def moved(self, at: datetime, period: str, change: Decimal) -> None:
        if abs(change) >= Decimal("0.15"):
            self.ring(at, "R-07", period, "RED", four(change), self.role("supply_planner", "supply_director"))
        elif abs(change) >= Decimal("0.05"):
            self.ring(at, "R-07", period, "YELLOW", four(change), self.role("supply_planner"))


def expect(story: Row, tenant: str) -> dict[str, list[Row]]:
    """Rows by section for one tenant of a story (parsed YAML). Local times need no zone: a day's
    midnight is a local date, whatever the clocks do."""
    company = Company()
    steps = [s for s in story["steps"] if s.get("tenant", tenant) == tenant]
    moments = (
        {story["start"], story["end"]} | {s["at"] for s in steps} | {s["at"] + timedelta(minutes=1) for s in steps}
    )
    day = story["start"].replace(hour=0, minute=0) + timedelta(days=1)
    while day < story["end"]:
        moments.add(day)
        day += timedelta(days=1)
    for at in sorted(moments):
        if (at.hour, at.minute) == (0, 0):
            company.midnight(at)
        company.close_minute(at)
        for step in (s for s in steps if s["at"] == at):
            for record in step.get("publish", []):
                company.record(at, record["type"], record["data"])
            if confirm := step.get("confirm"):
                version, _, data = company.forecasts[confirm["forecast"]]
                lines = [{**x, "amount": confirm["amounts"].get(x["line_id"], x["amount"])} for x in data["lines"]]
                company.record(at, "forecast.published", {**data, "version": version + 1, "lines": lines})
    for row in company.out["alerts"]:
        del row["_now"]
    return dict(company.out)
