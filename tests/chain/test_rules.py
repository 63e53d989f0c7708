"""A rule tried, put in force and taken back, as a user does it at the command line, on the shared chain.

One company in São Paulo has R-27 alone (a monitor says how old a measure is; RED over 300 s). Late and corrected facts
are in its log from the beginning, so that hindsight must differ from what was known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deploy.demo.found import client
from deploy.local.prepare import prepare
from sharedchain.chain import ChainSync
from sharedchain.cli import run
from sharedchain.config import default_root, item
from sharedchain.endpoints import Endpoints
from sharedchain.events import (
    ClockTicked,
    ConfigDefined,
    ForecastLine,
    ForecastPublished,
    MasterEmployeeUpserted,
    MetricValueReported,
    TargetSet,
)

pytestmark = [pytest.mark.stack, pytest.mark.slow]

TENANT, ZONE, RULE = "tried", "America/Sao_Paulo", "R-27"
FILE = default_root() / "rules/data/R-27.yaml"
MORNING = datetime(2026, 6, 1, 8, 0, tzinfo=ZoneInfo(ZONE))


@dataclass
class Company:
    """Publishes, and asks at the command line. `minute` is where its clock stands."""

    chain: ChainSync
    capsys: pytest.CaptureFixture[str]
    said: int = 0
    minute: int = 0

    def at(self, minute: int) -> datetime:
        return MORNING + timedelta(minutes=minute)

    def tick(self, minute: int) -> None:
        """The clock goes on, and everything before is decided."""
        self.minute, at = minute, self.at(minute)
        self.chain.publish(ClockTicked(at=at, n=minute), tenant=TENANT, id=f"t{minute}", time=at)
        self.chain.settle()

    def age(self, seconds: int, *, happened: int | None = None) -> None:
        """The monitor says how old M-14 is; `happened`: the minute in which it saw that, if it says so later."""
        self.said += 1
        event = MetricValueReported(
            metric_id="metric_refresh_age_s", entity_key="M-14", source_system="probe", value=Decimal(seconds), unit="s"
        )
        when = self.at(self.minute if happened is None else happened)
        self.chain.publish(event, tenant=TENANT, id=f"m{self.said}", time=when)
        self.chain.settle()

    def ask(self, *words: str, code: int = 0) -> Any:
        """What a command answers in JSON; its exit code is the promise."""
        self.capsys.readouterr()
        assert run([*words, "--home", str(self.chain.endpoints.home), "--json"]) == code
        return json.loads(self.capsys.readouterr().out or "null")

    def alerts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("alerts", "--tenant", TENANT, "--rule", RULE)["items"]
        return sorted(found, key=lambda one: one["opened_at"])

    def facts(self, type_: str) -> list[dict[str, Any]]:
        """What the log holds of the rule."""
        sql = "SELECT data FROM facts WHERE tenant = {t:String} AND type = {k:String} ORDER BY partition, seq, n"
        with client(self.chain.endpoints) as store:
            rows = store.query(sql, parameters={"t": TENANT, "k": type_}).result_rows
        return [said for row in rows if (said := json.loads(row[0]))["rule_id"] == RULE]


@pytest.fixture
def company(stack: Endpoints, capsys: pytest.CaptureFixture[str]) -> Iterator[Company]:
    with ChainSync(stack, source="test.rules") as chain:
        one = Company(chain, capsys)
        settings = {"mode": "driven", "timezone": ZONE, "packs": ["tried", "default"]}
        pack = {"id": "tried", "rules": [RULE]}
        for config in (item("pack", "tried", pack), item("tenant", TENANT, settings)):
            chain.publish(ConfigDefined(**config.said, changed_by="test"), tenant="_system")
        one.tick(0)
        chain.publish(MasterEmployeeUpserted(employee_id="E-1", org_id="O", role="ops", name="N"), tenant=TENANT)
        yield one


@pytest.fixture
def wider(tmp_path: Path) -> str:
    """The next version: RED over 600 s."""
    path = tmp_path / "wider.yaml"
    text = FILE.read_text("utf-8").replace("over: 300", "over: 600").replace("version: 1", "version: 2")
    path.write_text(text, "utf-8")
    return str(path)


def rang(alarm: dict[str, Any]) -> tuple[Any, ...]:
    """An alert of a back-test, as `sharedchain alerts` tells it."""
    times = (datetime.fromisoformat(alarm[name]) if alarm[name] else None for name in ("opened", "ended"))
    return alarm["id"], alarm["rule"], alarm["subject"], alarm["severity"], *times


def told(alert: dict[str, Any]) -> tuple[Any, ...]:
    names = ("alert_id", "rule_id", "subject", "severity")
    ended = datetime.fromisoformat(alert["at"]) if alert["state"] == "resolved" else None
    return (*(alert[name] for name in names), datetime.fromisoformat(alert["opened_at"]), ended)


def test_a_version_is_tried_put_in_force_and_taken_back(company: Company, wider: str, tmp_path: Path) -> None:
    late_and_corrected(company)
    by_facts(company, wider)
    beside_the_live_one(company, wider)
    in_force_over_restarts(company)
    hypothetical(company, tmp_path)
    as_known = company.ask("rules", "backtest", "live", "--tenant", TENANT)["alarms"]
    assert sorted(map(rang, as_known)) == sorted(map(told, company.alerts()))  # versions came and went meanwhile


def late_and_corrected(company: Company) -> None:
    """At 8:10 it is too old, which is known at 9:00 only; at 9:30 a reading of 10:00 comes that corrects 9:20."""
    company.tick(60)
    company.age(400, happened=10)
    company.tick(62)
    company.age(20)
    company.tick(80)
    company.age(500)
    company.tick(120)
    company.age(10, happened=85)
    company.tick(125)


def by_facts(company: Company, wider: str) -> None:
    """As known it is what rang, from the log and from the store; hindsight sees other times, and says so."""
    live = sorted(map(told, company.alerts()))
    assert len(live) == 2
    for facts in ("log", "store"):
        said = company.ask("rules", "backtest", RULE, "--tenant", TENANT, "--facts", facts)
        assert sorted(map(rang, said["alarms"])) == live, facts
        assert said["late"]["by_type"] == {"metric.value.reported": 2}
    changes = company.ask("rules", "backtest", RULE, "--tenant", TENANT, "--hindsight")["hindsight"]
    assert [(one["change"], one["by_seconds"]) for one in changes] == [("earlier", -50 * 60.0), ("other", 0.0)]
    assert company.ask("rules", "diff", "live", RULE, "--tenant", TENANT)["equal"]
    gone = company.ask("rules", "diff", "live", wider, "--tenant", TENANT, code=1)["changes"]
    assert [(one["change"], one["subject"]) for one in gone] == [("removed", "M-14")] * 2
    later = ("--tenant", TENANT, "--from", "2026-06-01T09:10")  # local time of the company
    assert len(company.ask("rules", "diff", "live", wider, *later, code=1)["changes"]) == 1


def beside_the_live_one(company: Company, wider: str) -> None:
    """In the shadow it rings by its own words, and nobody hears of it."""
    company.ask("rules", "shadow", wider, "--by", "E-1")
    company.tick(130)
    company.age(550)
    assert company.facts("shadow.decided") == []
    company.tick(131)
    company.age(700)
    assert [(one["transition"], one["rule_version"]) for one in company.facts("shadow.decided")] == [("raised", 2)]
    assert [one["rule_version"] for one in company.alerts()] == [1, 1, 1]


def in_force_over_restarts(company: Company) -> None:
    """What is open goes on under the promoted version; a start of the chain leaves it in force; one may go back."""
    assert company.ask("rules", "promote", RULE, "--by", "E-1") == {"done": "promote", "id": RULE, "old": 1, "new": 2}
    company.tick(135)
    company.age(550)
    assert company.alerts()[-1]["state"] == "resolved"
    kept = [line for line in prepare(company.chain.endpoints) if RULE in line]
    assert [line.split(":")[0] for line in kept] == [f"kept rule/{RULE}"]
    company.tick(136)
    company.age(560)
    assert len(company.alerts()) == 3
    company.ask("rules", "promote", RULE, code=2)  # nothing is in the shadow any more
    assert company.ask("rules", "rollback", RULE, "--by", "E-1")["new"] == 1
    company.tick(140)
    company.age(560)
    assert [one["rule_version"] for one in company.alerts()] == [1, 1, 2, 1]
    names = ("how", "old_version", "new_version", "changed_by")
    assert [tuple(one[name] for name in names) for one in company.facts("rule.changed")] == [
        ("SHADOWED", None, 2, "E-1"),
        ("PROMOTED", 1, 2, "E-1"),
        ("UNSHADOWED", 2, None, "E-1"),
        ("CHANGED", 2, 1, "E-1"),
    ]
    assert [line for line in prepare(company.chain.endpoints) if RULE in line] == []


def hypothetical(company: Company, tmp_path: Path) -> None:
    """The experience part 20 % lower, and the last bad reading never came: measures and lamps against the base."""
    line = ForecastLine(line_id="1", basis="EXPERIENCE", amount=Decimal("200000000.00"), rationale="as ever")
    target = TargetSet(target_id="T", period="2026Q2", org_id="O", metric="sales", amount=Decimal("200000000.00"))
    forecast = ForecastPublished(
        forecast_id="F", version=1, period="2026Q2", org_id="O", region="BR", owner_id="E-1", lines=(line,)
    )
    company.chain.publish(target, tenant=TENANT, id="target")
    company.chain.publish(forecast, tenant=TENANT, id="forecast")
    company.tick(142)
    file = tmp_path / "hypotheses.yaml"
    file.write_text(
        f"tenant: {TENANT}\n"
        "change:\n"
        "  - {type: forecast.published, each: lines, only: 'item.basis == \"EXPERIENCE\"', scale: {amount: '0.8'}}\n"
        "drop:\n"
        f"  - {{type: metric.value.reported, where: 'meta.id == \"m{company.said}\"'}}\n",
        "utf-8",
    )
    said = company.ask("whatif", "-f", str(file))
    rows = {(one["measure"], one["dims"]): (one["base"], one["branch"]) for one in said["measures"]}
    assert rows["M-14", "period=2026Q2"] == ("1.0000", "0.8000")
    assert said["lamps"] == {"base": {"red": 1, "open": 1}, "branch": {"red": 1, "open": 1}}
    assert {(one["change"], one["rule"]) for one in said["alarms"]} == {("removed", RULE), ("added", "R-03")}
    assert len(company.alerts()) == 4  # nothing was written
