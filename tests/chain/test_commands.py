"""What a rule commands, on the real thing: engine → domain topic → ingest → spine → engine, each once, whoever dies;
`settle` waits for it; and the log folded again gives the same store."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from deploy.demo.found import client
from deploy.local.plan import ALL
from deploy.local.stack import Stack
from deploy.replay import compare_stores, refold
from sharedchain.chain import ChainSync
from sharedchain.config import item
from sharedchain.endpoints import Endpoints
from sharedchain.events import AlertAcknowledged, ClockTicked, ConfigDefined, LeadCaptured

pytestmark = [pytest.mark.stack, pytest.mark.slow]

TENANT, START = "commanded", 1_775_000_000_000
PARTS = tuple(part for part in ALL if part != "gateway")
WORDS = {"title": "t {{ subject }}", "text": "x"}
PLAN = {"customer_id": "message.lead_id", "actions": "call", "alert_id": "alert.id"}
RULE: dict[str, Any] = {
    "id": "R-90", "version": 1, "title": {"zh": "z", "en": "e"}, "on": {"event": ["lead.captured"]},
    "bands": [{"severity": "RED"}], "subject": "message.lead_id", "one_shot": True, "to": {"RED": ["role:ops"]},
    "owner": "role:ops", "mode": "act", "runbook": "r.md", "texts": {"zh": WORDS, "en": WORDS},
    "action": [
        {"command": "case.opened", "subject": "message.lead_id",
         "data": {"case_id": {"cel": '"SE-" + action.number'}, "template_id": "SE", "subject": "alert.subject"}},
        {"derive": "retention.plan.proposed", "data": PLAN},
    ],
}  # fmt: skip
NODE = RULE | {
    "id": "R-91", "on": {"clock": {"start": ["case.node.started"], "due": "message.due_at"}}, "unit": "min",
    "bands": [{"severity": "RED", "over": 0}], "subject": "message.case_id", "action": [], "mode": "suggest",
}  # fmt: skip


@pytest.fixture
def chain(fresh_stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stack, ChainSync]]:
    """The first engine dies with the first command in its transaction, before that is committed."""
    monkeypatch.setenv("SHAREDCHAIN_FAILPOINT", "engine.after_command")
    monkeypatch.setenv("SHAREDCHAIN_FAILPOINT_LOG", str(tmp_path / "hits"))
    stack = fresh_stack(parts=PARTS)
    endpoints = stack.up()
    with ChainSync(endpoints, source="test.commands") as opened:
        yield stack, opened


def configure(chain: ChainSync) -> None:
    tenant = {"mode": "driven", "packs": ["mine"]}
    pack = {"id": "mine", "rules": ["R-90", "R-91"]}
    said = (("rule", "R-90", RULE), ("rule", "R-91", NODE), ("pack", "mine", pack), ("tenant", TENANT, tenant))
    for kind, name, body in said:
        one = item(kind, name, body)
        chain.publish(
            ConfigDefined(kind=kind, name=name, hash=one.hash, body=one.body, changed_by="t"), tenant="_system"
        )
    chain.settle()


def tick(chain: ChainSync, minutes: int) -> None:
    at = datetime.fromtimestamp((START + minutes * 60_000) / 1000, UTC)
    chain.publish(ClockTicked(at=at, n=minutes), tenant=TENANT, id=f"t{minutes}", time=at)


def lead(chain: ChainSync, number: int) -> None:
    event = LeadCaptured(
        lead_id=f"L-{number}", customer_industry="MANUFACTURING", demand_type="NEW", expected_amount=Decimal(1),
        owner_id="E1", prospect_name="p", currency="CNY",
    )  # fmt: skip
    chain.send(event, tenant=TENANT)


def facts(store: Client, columns: str, type_: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT {columns} FROM facts WHERE tenant = {{t:String}} AND type = {{k:String}} ORDER BY partition, seq, n"
    return [tuple(row) for row in store.query(sql, parameters={"t": TENANT, "k": type_}).result_rows]


def test_commands_go_round_once_whoever_dies(chain: tuple[Stack, ChainSync], tmp_path: Path) -> None:
    stack, sdk = chain
    configure(sdk)
    tick(sdk, 1)
    sdk.settle()
    lead(sdk, 1)
    sdk.settle()
    with client(sdk.endpoints) as store:
        (opened,) = facts(store, "source, subject, causation, toUnixTimestamp64Milli(recorded)", "case.opened")
        (cause,) = facts(store, "id", "lead.captured")
        assert opened == ("sharedchain:engine", "SE-0001", cause[0], START + 60_000)  # in the same instant
        assert len(facts(store, "id", "case.node.started")) == 1
        assert len(facts(store, "id", "retention.plan.proposed")) == 1
    for number in range(2, 42):
        lead(sdk, number)
        if number in (12, 30):
            stack.restart("engine-0", signal.SIGKILL)
        if number == 21:
            stack.restart("ingest-0", signal.SIGKILL)
    sdk.settle(180)
    tick(sdk, 60 * 4 + 2)  # every node is late by now, and its case was opened by the rule
    sdk.settle(180)
    with client(sdk.endpoints) as store:
        cases = [subject for (subject,) in facts(store, "subject", "case.opened")]
        assert Counter(cases) == Counter(f"SE-{n:04d}" for n in range(1, 42))
        assert len(facts(store, "id", "case.node.started")) == 41
        assert store.command("SELECT count() FROM dead_letters") == 0
        rang = store.query("SELECT rule_id, count(), uniqExact(alert_id) FROM alerts GROUP BY rule_id ORDER BY rule_id")
        assert rang.result_rows == [("R-90", 41, 41), ("R-91", 41, 41)]
        (first, *_), *_ = store.query("SELECT alert_id FROM alerts WHERE rule_id = 'R-90' LIMIT 1").result_rows
    sdk.publish(AlertAcknowledged(alert_id=first, by="E1"), tenant=TENANT)
    sdk.settle(180)
    with client(sdk.endpoints) as store:
        ended = store.query("SELECT alert_id FROM alerts WHERE transition = 'resolved'").result_rows
        assert ended == [(first,)]
    assert (tmp_path / "hits").read_text().split() == ["engine.after_command"]
    _same_again(sdk.endpoints)


def _same_again(endpoints: Endpoints) -> None:
    refold(endpoints, "again")
    assert {v.table: v.equal for v in compare_stores(endpoints.clickhouse, "again")} == {
        "facts": True, "metric_minute": True, "alerts": True,
    }  # fmt: skip
