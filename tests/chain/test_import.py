"""A CRM that nobody here made, through the whole chain: what is stored and measured is what its CSV says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest
from clickhouse_connect.driver.client import Client

from deploy.demo.found import client
from deploy.imports.command import translator_of
from deploy.replay import compare_stores, refold
from sharedchain.chain import ChainSync
from sharedchain.cli import run
from sharedchain.config import item
from sharedchain.endpoints import Endpoints
from sharedchain.errors import Refused
from sharedchain.events import ConfigDefined
from sharedchain.reader import read
from tests.chain.crm_totals import Totals, totals
from tests.house.tree import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.slow]

SLICE = ROOT / "tests" / "data" / "crm"
WHOLE = ROOT.parent / "shared" / "data" / "crm"
_RUN = "import typer; from deploy.imports.command import import_; typer.run(import_)"


EXPORT = WHOLE if WHOLE.is_dir() else SLICE


@pytest.fixture(scope="module")
def endpoints(stack: Endpoints) -> Endpoints:
    return stack


@pytest.fixture(scope="module")
def straight(endpoints: Endpoints) -> str:
    """A tenant that got the slice at one go."""
    done = bring(endpoints, SLICE, "straight")
    assert done.returncode == 0, done.stderr
    return "straight"


@pytest.fixture(scope="module")
def export(endpoints: Endpoints) -> dict[str, Any]:
    """The report of the import of everything that is there, into the tenant `crm`."""
    done = bring(endpoints, EXPORT, "crm")
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return dict(json.loads(done.stdout))


def bring(endpoints: Endpoints, folder: Path, tenant: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _RUN, "crm", str(folder), "--tenant", tenant, "--json"]
    said = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        [*command, "--home", str(endpoints.home)], env=said, cwd=ROOT, capture_output=True, text=True, check=False
    )


def facts(store: Client, tenant: str) -> Counter[tuple[Any, ...]]:
    """Facts without their places, contract numbers (given in the order of arrival) and the time of
    what the files give no date."""
    answer = store.query(
        """SELECT kind, type, source, subject = '' OR startsWith(subject, 'CT-') ? '' : subject, backfill,
                  toYear(time) >= 2020 ? '' : toString(time), replaceRegexpAll(data, 'CT-[0-9]+-[0-9]+', 'CT')
           FROM facts WHERE tenant = {tenant:String}""",
        parameters={"tenant": tenant},
    )
    return Counter(tuple(row) for row in answer.result_rows)


def told(endpoints: Endpoints, tenant: str, said: Totals) -> None:
    """The facts are what the CSV says, and nobody was told of them."""
    store = client(endpoints)
    kinds = "SELECT type, count() FROM facts WHERE tenant = {tenant:String} GROUP BY type"
    counts = {str(name): int(n) for name, n in store.query(kinds, parameters={"tenant": tenant}).result_rows}
    assert counts["opportunity.opened"] == counts["opportunity.created"] == said.rows
    assert (counts["opportunity.signed"], counts["contract.created"]) == (said.won, said.won)
    assert counts["opportunity.lost"] == said.lost
    assert counts["record.incomplete"] == 85 + 7
    assert "record.rejected" not in counts
    worth = """SELECT concat(toString(toYear(time)), 'Q', toString(toQuarter(time))),
        sum(toDecimal64(JSONExtractString(data, 'amount'), 2))
        FROM facts WHERE tenant = {tenant:String} AND type = 'opportunity.signed' GROUP BY 1"""
    by_quarter = {q: int(v) for q, v in store.query(worth, parameters={"tenant": tenant}).result_rows}
    assert by_quarter == dict(said.quarters)
    unsaid = """SELECT countIf(JSONExtractString(data, 'customer_id') = ''), countIf(JSONExtractRaw(data, 'opened_at')
        IN ('null', '')), countIf(JSONExtractString(data, 'amount_basis') = 'LIST_PRICE')
        FROM facts WHERE tenant = {tenant:String} AND type = 'opportunity.opened'"""
    (found,) = store.query(unsaid, parameters={"tenant": tenant}).result_rows
    assert tuple(found) == (said.no_account, said.no_date, said.rows)
    heard = "SELECT count() FROM notifications WHERE tenant = {tenant:String}"
    assert store.query(heard, parameters={"tenant": tenant}).result_rows == [(0,)]


def sampled(endpoints: Endpoints, tenant: str, said: Totals) -> None:
    """Return when the minute of the import is over and stored: gauges are sampled at its end."""
    with ChainSync(endpoints) as chain:
        updates, until = chain.subscribe("ops.metric.v1", from_beginning=True), time.monotonic() + 150
        wanted = {"LOST": said.lost, "SIGNED": said.won}
        while wanted:
            assert time.monotonic() < until, f"no gauge of {tenant} says {wanted}"
            update = updates.poll(1.0)
            if update is None or update.envelope.tenant != tenant or update.data["metric_id"] != "M-04":
                continue
            if set(update.data["dims"]) == {"stage"} and update.data["value"] == wanted.get(
                update.data["dims"]["stage"]
            ):
                del wanted[update.data["dims"]["stage"]]
        updates.close()
        chain.settle()


def measured(endpoints: Endpoints, tenant: str, id_: str, **dims: str) -> int:
    items = read(endpoints, f"/v1/metrics/{id_}", {"tenant": tenant})["items"]
    (one,) = [item for item in items if item["dims"] == dims]
    return int(float(one["total"] if "total" in one else one["value"]))


def test_what_is_told_is_what_the_csv_says(endpoints: Endpoints, export: dict[str, Any]) -> None:
    said = totals(EXPORT)
    if EXPORT == WHOLE:
        assert (said.won, said.worth, said.lost, said.no_account, said.no_date) == (4238, 10005534, 2473, 1425, 500)
    assert (export["notes"]["without account"], export["notes"]["without date"]) == (said.no_account, said.no_date)
    told(endpoints, "crm", said)


def test_a_second_import_changes_nothing(endpoints: Endpoints, straight: str) -> None:
    store = client(endpoints)
    rows = f"SELECT * EXCEPT (offset) FROM facts WHERE tenant = '{straight}' ORDER BY seq, n"
    before = store.query(rows).result_rows
    told(endpoints, straight, totals(SLICE))
    assert bring(endpoints, SLICE, straight).returncode == 0
    assert store.query(rows).result_rows == before


def test_killed_in_the_middle_and_repeated_it_ends_equal(endpoints: Endpoints, straight: str, tmp_path: Path) -> None:
    log = tmp_path / "killed"
    env = {"SHAREDCHAIN_FAILPOINT": "import.after_batch:2", "SHAREDCHAIN_FAILPOINT_LOG": str(log)}
    assert bring(endpoints, SLICE, "killed", **env).returncode == -9
    assert log.read_text().split() == ["import.after_batch"]
    done = bring(endpoints, SLICE, "killed")
    assert done.returncode == 0, done.stderr
    store = client(endpoints)
    wanted = facts(store, straight)
    assert facts(store, "killed") == wanted
    assert wanted.total() > 1000
    told(endpoints, "killed", totals(SLICE))


def test_a_tenant_with_settings_of_its_own_is_left_alone(endpoints: Endpoints) -> None:
    settings = item("tenant", "busy", {"flow": "standard"})
    defined = ConfigDefined(kind="tenant", name="busy", hash=settings.hash, body=settings.body, changed_by="test")
    with ChainSync(endpoints) as chain:
        chain.publish(defined, tenant="_system")
    done = bring(endpoints, SLICE, "busy")
    assert (done.returncode, "tenant busy has settings of its own" in done.stderr) == (1, True)
    with ChainSync(endpoints) as chain:
        chain.settle()
    assert facts(client(endpoints), "busy").total() == 0


def test_the_measures_are_those_of_the_csv(endpoints: Endpoints, export: dict[str, Any]) -> None:
    """Behind the others: by now the minute in which the import ended is nearly over."""
    tenant, said = "crm", totals(EXPORT)
    sampled(endpoints, tenant, said)
    assert measured(endpoints, tenant, "M-04", stage="SIGNED") == said.won
    assert measured(endpoints, tenant, "M-04", stage="LOST") == said.lost
    assert measured(endpoints, tenant, "M-06.decided") == said.won + said.lost
    for quarter, value in said.quarters.items():
        assert measured(endpoints, tenant, "M-23", period=quarter) == value, quarter
        assert measured(endpoints, tenant, "M-20.signed", period=quarter) == value, quarter


def test_each_door_takes_what_the_flow_only_reports(endpoints: Endpoints, straight: str, tmp_path: Path) -> None:
    customer = {"customer_id": "C9", "name": "Acme", "industry": "TECHNOLOGY", "region": "US"}
    kind = "master.customer.upserted"
    (tmp_path / "one.json").write_text(json.dumps(customer))
    command = ["publish", kind, "-f", str(tmp_path / "one.json"), "--home", str(endpoints.home)]
    assert [run([*command, "--tenant", tenant]) for tenant in (straight, "default")] == [0, 1]
    with ChainSync(endpoints) as chain:
        chain.publish(chain.read(kind, customer | {"customer_id": "C8"}, tenant=straight), tenant=straight)
        with pytest.raises(Refused, match="org_structure"):
            chain.read(kind, customer)
        event = {"specversion": "1.0", "id": "1", "source": "t", "type": kind, "data": customer | {"customer_id": "C7"}}
        headers = {"content-type": "application/cloudevents+json"}
        doors = [
            httpx2.post(f"{endpoints.gateway}/v1/events", content=json.dumps(event | {"tenant": t}), headers=headers)
            for t in (straight, "default")
        ]
        assert [door.status_code for door in doors] == [202, 422]
        chain.settle()
    gaps = "SELECT subject FROM facts WHERE tenant = {t:String} AND type = 'record.incomplete' AND subject LIKE 'C_'"
    found = client(endpoints).query(gaps, parameters={"t": straight}).result_rows
    assert {subject for (subject,) in found} == {"C7", "C8", "C9"}


def test_a_webhook_becomes_facts_once(endpoints: Endpoints) -> None:
    began = ["import", "pipedrive", "--tenant", "hook", "--home", str(endpoints.home)]
    examples = [one.row for one in translator_of("pipedrive").dialect.examples]
    url = f"{endpoints.gateway}/v1/imports/pipedrive?tenant=hook"
    assert httpx2.post(url, json=examples[0]).status_code == 409
    assert run(began) == 0
    for _ in range(2):
        assert [httpx2.post(url, json=row).status_code for row in examples[:2]] == [202, 202]
        assert httpx2.post(url, json=[examples[3], examples[4]]).status_code == 207
    with ChainSync(endpoints) as chain:
        chain.settle()
    kinds = "SELECT type, count() FROM facts WHERE tenant = 'hook' AND type LIKE 'opportunity.%' GROUP BY type"
    found = {str(name): int(n) for name, n in client(endpoints).query(kinds).result_rows}
    assert found == {"opportunity.opened": 1, "opportunity.created": 1, "opportunity.signed": 1}


def test_the_log_folded_again_gives_the_same(endpoints: Endpoints, straight: str) -> None:
    assert refold(endpoints, "again") > 1000
    assert [verdict.table for verdict in compare_stores(endpoints.clickhouse, "again") if not verdict.equal] == []
