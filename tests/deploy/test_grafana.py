"""The dashboards: every query runs on the real engine over the real tables, and finds the rows that are there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from clickhouse_connect.driver.client import Client
from pydantic import SecretStr

from sharedchain.endpoints import ClickHouse
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.rows import ALERTS, DEAD_LETTERS, FACTS, METRIC_MINUTE, NOTIFICATIONS
from sinks.clickhouse.store import connect
from tests.deploy.clickhouse.launch import PASSWORD, launch
from tests.house.tree import ROOT

FOLDER = ROOT / "deploy" / "grafana"
BOARDS = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted((FOLDER / "dashboards").glob("*.json"))}
PANELS = {f"{name}-{panel['id']}": panel for name, board in BOARDS.items() for panel in board["panels"]}
SOURCE = yaml.safe_load((FOLDER / "provisioning" / "datasources" / "sharedchain.yaml").read_text("utf-8"))
NOW = datetime.now(UTC)
# A row a table: these values where the column has this name, else what fits its type.
SAID: dict[str, Any] = {
    "tenant": "acme",
    "kind": "fact",
    "n": 0,
    "transition": "raised",
    "dims": "{}",
    "outcome": "sent",
}
_FILTER = re.compile(r"\$__timeFilter\((\w+)\)")


def expanded(sql: str, tenant: str = "acme") -> str:
    """What Grafana makes of it: the variable, and the time filter as the plugin writes it."""
    made = _FILTER.sub(r"\1 >= now() - INTERVAL 1 DAY AND \1 <= now() + INTERVAL 1 DAY", sql)
    return made.replace("$__toTime", "(now() + INTERVAL 1 DAY)").replace("${tenant}", tenant)


def fitting(kind: str) -> Any:
    if "DateTime" in kind:
        return NOW
    if kind.startswith("Array"):
        return ["E1"]
    return "x" if "String" in kind else 1


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    server = launch(tmp_path_factory.mktemp("grafana") / "data")
    where = ClickHouse(url=f"http://127.0.0.1:{server.owner.port}", user="owner", password=SecretStr(PASSWORD))
    try:
        migrate(where)
        with connect(where) as opened:
            for table in (FACTS, METRIC_MINUTE, ALERTS, NOTIFICATIONS, DEAD_LETTERS):
                kinds = {row[0]: row[1] for row in opened.query(f"DESCRIBE TABLE {table.name}").result_rows}
                row = [SAID.get(column, fitting(kinds[column])) for column in table.columns]
                opened.insert(table.name, [row], list(table.columns))
            resolved = {**SAID, "transition": "resolved", "alert_id": "closed"}
            kinds = {row[0]: row[1] for row in opened.query("DESCRIBE TABLE alerts").result_rows}
            row = [resolved.get(column, fitting(kinds[column])) for column in ALERTS.columns]
            opened.insert("alerts", [row], list(ALERTS.columns))
            yield opened
    finally:
        server.kill()


@pytest.mark.parametrize("name", PANELS)
def test_the_query_of_a_panel_finds_its_rows(client: Client, name: str) -> None:
    for target in PANELS[name]["targets"]:
        sql = target["rawSql"]
        found = client.query(expanded(sql))
        assert found.result_rows, sql
        assert PANELS[name]["type"] != "timeseries" or found.column_names[0] == "time"
        assert client.query(expanded(sql, "nobody")).result_rows == []


@pytest.mark.parametrize("name", BOARDS)
def test_the_tenants_are_asked_of_the_facts(client: Client, name: str) -> None:
    (tenant,) = BOARDS[name]["templating"]["list"]
    assert client.query(tenant["query"]).result_rows == [("acme",)]


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_has_a_stable_uid_and_one_data_source(name: str) -> None:
    board = BOARDS[name]
    assert board["uid"] == f"sharedchain-{name}"
    (source,) = SOURCE["datasources"]
    assert {(p["datasource"]["uid"], p["datasource"]["type"]) for p in board["panels"]} == {
        (source["uid"], source["type"])
    }
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_is_told_in_both_languages_with_its_unit_and_within_the_time_that_was_picked(name: str) -> None:
    """A table of what holds *now* has only an end: what was opened before the span and is open still belongs there."""
    panel = PANELS[name]
    zh, _, en = panel["title"].partition(" · ")
    assert not zh.isascii()
    assert en.isascii()
    assert en
    assert panel["fieldConfig"]["defaults"]["unit"]
    for target in panel["targets"]:
        filters = ["$__timeFilter("] if panel["type"] == "timeseries" else ["$__timeFilter(", "<= $__toTime"]
        assert any(one in target["rawSql"] for one in filters), target["rawSql"]
