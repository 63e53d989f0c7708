"""What a story must lead to, worked out the slow way: no code, no data of the product is used here.

It walks through local minutes in the tenant's zone: overdue and orphans and, at midnights, stale
forecasts; refusals at once; one minute after each change coverage and change of the period's total.
`oracle_desk` tells people, `oracle_deals` follows leads to cash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.chain.oracle_deals import Deals
from tests.chain.oracle_desk import Desk, Row, four, minute, money, percent, short

REQUIRED = {
    "lead.captured": ["customer_industry", "demand_type", "expected_amount", "owner_id"],
    "master.customer.upserted": ["name", "industry", "region", "org_structure", "decision_chain", "owner_id"],
}
DEMANDS = {"NEW"}
READER = "P1"  # for whom the subscriber reads


@dataclass
class Company:
    """One tenant's life."""

    desk: Desk = field(default_factory=Desk)
    targets: dict[str, Decimal] = field(default_factory=dict)
    forecasts: dict[str, tuple[int, date, Row]] = field(default_factory=dict)
    causes: dict[str, dict[str, str]] = field(default_factory=dict)  # forecast → line → why it has no support
    named: dict[str, str] = field(default_factory=dict)  # line → the opportunity it was told of last
    machines: dict[str, dict[str, tuple[Decimal, Decimal, str]]] = field(default_factory=dict)
    last_total: dict[str, Decimal] = field(default_factory=dict)
    dirty: set[str] = field(default_factory=set)
    deals: Deals = field(init=False)

    def __post_init__(self) -> None:
        self.deals = Deals(self.desk, self.moved)

    def total(self, period: str) -> Decimal:
        lines = [line for _, _, f in self.forecasts.values() if f["period"] == period for line in f["lines"]]
        return sum((Decimal(line["amount"]) for line in lines), Decimal(0))

    def lacks(self, at: datetime, kind: str, data: Row, name: str) -> None:
        subject = data.get("lead_id") or data["customer_id"]
        self.desk.refuse(at, kind, subject, "missing_field", name)
        if kind == "lead.captured":
            self.desk.ring(at, "R-15", subject, "YELLOW", [data["owner_id"]], value_text=name)
        else:
            self.desk.ring(at, "R-16", subject, "YELLOW", self.desk.role("data_steward"), value_text=name)

    def record(self, at: datetime, kind: str, data: Row) -> None:
        missing = next((name for name in REQUIRED.get(kind, []) if not data.get(name)), None)
        if missing:
            return self.lacks(at, kind, data, missing)
        if kind == "lead.captured" and data["demand_type"] not in DEMANDS:
            word = data["demand_type"]
            return self.desk.refuse(at, kind, data["lead_id"], "unknown_term", "demand_type", word)
        if kind == "forecast.published" and data["version"] <= self.forecasts.get(data["forecast_id"], (0,))[0]:
            return self.desk.refuse(at, kind, data["forecast_id"], "domain", "version", str(data["version"]))
        if kind.startswith(("lead.", "opportunity.", "case.", "payment.")):
            return self.deals.take(at, kind, data, at)
        self.desk.counts[kind] += 1
        match kind:
            case "master.employee.upserted":
                self.desk.people[data["employee_id"]] = data
            case "master.equipment.upserted":
                self.machine(data)
            case "target.set":
                self.targets[data["period"]] = Decimal(data["amount"])
            case "forecast.published":
                self.publish(at, data)
            case "sensor.reading":
                self.reading(at, data)
        return None

    def machine(self, data: Row) -> None:
        limits = {s["parameter"]: (Decimal(s["value"]), Decimal(s["tolerance"]), s["unit"]) for s in data["setpoints"]}
        self.machines[data["equipment_id"]] = limits

    def reading(self, at: datetime, data: Row) -> None:
        limit = self.machines.get(data["equipment_id"], {}).get(data["metric"])
        if limit is None:
            return
        value = Decimal(data["value"])
        if abs(value - limit[0]) <= limit[1]:
            self.desk.clear(at, "R-37", data["equipment_id"])
        else:
            said = {"value": four(value), "value_text": f"{short(value)} {data['unit']}"}
            if ("R-37", data["equipment_id"]) not in self.desk.open:  # with the alert, the command that sets it back
                self.desk.counts["equipment.command.issued"] += 1
            self.desk.hold(at, "R-37", data["equipment_id"], "YELLOW", self.desk.role("store_manager"), **said)

    def publish(self, at: datetime, data: Row) -> None:
        name, period = data["forecast_id"], data["period"]
        old = self.forecasts.get(name)
        self.forecasts[name] = (data["version"], at.date(), data)
        parts = {"PROJECT": Decimal(0), "EXPERIENCE": Decimal(0)}
        for line in data["lines"]:
            parts[line["basis"]] += Decimal(line["amount"])
        before = "" if old is None else money(sum((Decimal(x["amount"]) for x in old[2]["lines"]), Decimal(0)))
        row: Row = {
            "at": minute(at),
            "forecast": name,
            "version": data["version"],
            "total": money(sum(parts.values(), Decimal(0))),
        }
        parts_of = {"project": money(parts["PROJECT"]), "experience": money(parts["EXPERIENCE"])}
        self.desk.counts["forecast.live.updated"] += 1
        self.desk.add("live", **row, **parts_of, old=before)
        self.desk.add("received", **row, consumer=READER)
        for section, more in (("live_totals", {}), ("received_totals", {"consumer": READER})):
            key = {"at": minute(at), "period": period, **more}
            rest = [r for r in self.desk.out[section] if not key.items() <= r.items()]
            self.desk.out[section] = [*rest, {**key, "total": money(self.total(period))}]
        for rule in ("R-01", "R-02"):
            self.desk.clear(at, rule, name)
        self.support(at, name)
        self.dirty.add(period)

    def moved(self, at: datetime, opportunity: str) -> None:
        """An opportunity changed: look again at the forecasts that cite it."""
        for name, (_, _, data) in self.forecasts.items():
            if any(line.get("opportunity_id") == opportunity for line in data["lines"]):
                self.support(at, name)

    def support(self, at: datetime, name: str) -> None:
        """Tell the lines that lost their support, or have it again, against what was told last."""
        before, lines = self.causes.get(name, {}), self.forecasts[name][2]["lines"]
        why = {x["line_id"]: self.cause(x) for x in lines if x["basis"] == "PROJECT"}
        now = {line: cause for line, cause in why.items() if cause}
        self.causes[name] = now
        cited = {x["line_id"]: x.get("opportunity_id", "") for x in lines}
        for line, cause in now.items():
            if before.get(line) != cause:
                row = {"line": line, "opportunity": cited[line], "cause": cause, "left": ""}
                self.line(at, name, "forecast.line.unsupported", row)
                who = [self.forecasts[name][2]["owner_id"], *self.desk.role("supply_planner")]
                self.desk.hold(at, "R-06", name, "RED", who, value_text=f"{cited[line]} {cause}")
        for line in before.keys() - now.keys():
            cause, left = "SUPPORTED" if line in why else "DROPPED", ",".join(now)
            row = {"line": line, "opportunity": self.named[f"{name}/{line}"], "cause": cause, "left": left}
            self.line(at, name, "forecast.line.cleared", row)
            if not now:
                self.desk.clear(at, "R-06", name)

    def line(self, at: datetime, forecast: str, event: str, row: Row) -> None:
        self.named[f"{forecast}/{row['line']}"] = row["opportunity"]
        self.desk.counts[event] += 1
        self.desk.add("lines", at=minute(at), event=event, forecast=forecast, **row)

    def cause(self, line: Row) -> str:
        deal = self.deals.opportunities.get(line["opportunity_id"])
        if deal is None:
            return "MISSING"
        if deal["stage"] == "LOST":
            return "LOST"
        return "AMOUNT_EXCEEDS" if Decimal(line["amount"]) > deal["amount"] else ""

    def midnight(self, at: datetime) -> None:
        for name, (version, day, data) in sorted(self.forecasts.items()):
            age, owner = (at.date() - day).days, data["owner_id"]
            said = {"value": f"{age}.0000", "value_text": f"{age} d"}
            if age > 10 and ("R-01", name) not in self.desk.open:
                self.desk.counts["forecast.refresh.requested"] += 1
                self.desk.add("stale", at=minute(at), forecast=name, age_days=age, last_version=version, owner=owner)
                self.desk.hold(at, "R-01", name, "YELLOW", [owner], **said)
            if age > 14:
                who = [owner, *self.desk.role("sales_director", "supply_planner")]
                self.desk.hold(at, "R-02", name, "RED", who, **said)

    def close_minute(self, at: datetime) -> None:
        for period in sorted(self.dirty):
            total, before = self.total(period), self.last_total.get(period)
            if total == before:
                continue
            self.last_total[period] = total
            self.coverage(at, period, total / self.targets[period])
            if before:
                self.swing(at, period, (total - before) / before)
        self.dirty.clear()

    def coverage(self, at: datetime, period: str, share: Decimal) -> None:
        level = "RED" if share < Decimal("0.85") else "YELLOW" if share < Decimal("0.95") else ""
        who = self.desk.role("sales_director", "supply_planner")
        if level == "RED":
            who += self.desk.role("supply_director", "president")
        if level:
            self.desk.hold(at, "R-03", period, level, who, value=four(share), value_text=percent(share))
        else:
            self.desk.clear(at, "R-03", period)

    def swing(self, at: datetime, period: str, change: Decimal) -> None:
        said = {"value": four(change), "value_text": percent(change)}
        if abs(change) >= Decimal("0.15"):
            who = self.desk.role("supply_planner", "supply_director")
            self.desk.ring(at, "R-07", period, "RED", who, **said)
        elif abs(change) >= Decimal("0.05"):
            self.desk.ring(at, "R-07", period, "YELLOW", self.desk.role("supply_planner"), **said)


def expect(story: Row, tenant: str) -> dict[str, list[Row]]:
    """Rows by section for one tenant of a story (parsed YAML). Local times need no zone: a day's
    midnight is a local date, whatever the clocks do."""
    company = Company()
    steps = [s for s in story["steps"] if s.get("tenant", tenant) == tenant]
    for at in moments(story, steps):
        company.deals.tick(at)
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
    out = company.desk.out
    for row in out["alerts"]:
        del row["_now"]
    out["facts"] = [{"type": kind, "n": n} for kind, n in company.desk.counts.items()]
    return {section: rows for section, rows in out.items() if rows}


def moments(story: Row, steps: list[Row]) -> list[datetime]:
    """When the clock of a sparse play ticks."""
    found = {story["start"], story["end"]} | {s["at"] for s in steps} | {s["at"] + timedelta(minutes=1) for s in steps}
    day = story["start"].replace(hour=0, minute=0) + timedelta(days=1)
    while day < story["end"]:
        found.add(day)
        day += timedelta(days=1)
    return sorted(found)
