"""The queries of a trace on the real engine: the rows of one quarter in the real tables, asked by every id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.store import ClickHouseStore
from gateway.tenants import Tenant
from gateway.trace import trace
from sharedchain.endpoints import ClickHouse
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.rows import ALERTS, FACTS, NOTIFICATIONS, Table
from sinks.clickhouse.store import connect
from tests.deploy.clickhouse.launch import PASSWORD, launch
from tests.gateway.lead_to_cash import alert, ms, quarter, told, utc

pytestmark = pytest.mark.slow  # a real ClickHouse

LOG = quarter()
OVERDUE = next(one["seq"] for one in LOG.rows if one["type"] == "receivable.overdue")
RANG = [
    alert("a31", "R-20", "AR-0001/1", "05-04 00:00", "05-04 00:00", "raised", seq=OVERDUE),
    alert("a31", "R-20", "AR-0001/1", "05-04 00:00", "05-05 10:00", "resolved", seq=99),
    alert("a13", "R-03", "2026Q2", "04-20 10:01", "04-20 10:01", "raised", seq=5000),
]
TOLD = [told("a31", "raised", "E051", "INBOX"), told("a13", "raised", "E010", "INBOX")]
DEFAULTS: dict[str, Any] = {"scope": "acme", "tenant": "acme", "backfill": False, "src": "", "offset": 1}
DEFAULTS |= {"attempt": 1, "message_id": "", "subject": "", "text": "", "at": utc("05-04 00:00")}
DEFAULTS |= {"sent_at": utc("05-04 00:00"), "partition": 3, "seq": 1, "n": 1}
WHOSE = Tenant(name="acme", now=ms("05-05 23:59"))


def _insert(client: Any, table: Table, rows: list[dict[str, Any]]) -> None:
    def value(said: Any) -> Any:
        if isinstance(said, str) and said.endswith("Z") and said[4:5] == "-":
            return datetime.fromisoformat(said).astimezone(UTC)
        return said

    made = [[value((DEFAULTS | row)[column]) for column in table.columns] for row in rows]
    client.insert(table.name, made, list(table.columns))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseStore]:
    server = launch(tmp_path_factory.mktemp("trace") / "data")
    url = f"http://{server.owner.host}:{server.owner.port}"
    where = ClickHouse(url=url, user=server.owner.user, password=SecretStr(PASSWORD), database="sharedchain")
    try:
        migrate(where)
        with connect(where) as client:
            _insert(client, FACTS, LOG.rows)
            other = [row | {"tenant": "other", "scope": "other"} for row in LOG.rows]
            _insert(client, FACTS, other)
            _insert(client, ALERTS, RANG)
            _insert(client, NOTIFICATIONS, TOLD)
        yield ClickHouseStore(where)
    finally:
        server.kill()


@pytest.mark.parametrize("ident", ["LEAD-0001", "OPP-0001", "CT-2026-0001", "AR-0001", "PAY-1", "CA-0001", "bank-77"])
async def test_every_id_gives_the_same_chain(reader: ClickHouseStore, ident: str) -> None:
    said = await trace(reader, WHOSE, ident, None)
    (chain,) = said.chains
    assert (chain.steps[0].type, len(chain.steps), chain.seconds) == ("lead.captured", 14, 33 * 86_400 + 3600)
    assert [one.case_id for one in chain.cases] == ["CA-0001"]
    assert [(one.alert_id, [each.recipient for each in one.told]) for one in chain.alerts] == [("a31", ["E051"])]


async def test_an_alert_of_a_part_leads_to_the_whole(reader: ClickHouseStore) -> None:
    said = await trace(reader, WHOSE, "a31", None)
    assert (said.found_as, [one.ids["lead"] for one in said.chains]) == ("alert", [("LEAD-0001",)])


async def test_a_forecast_leads_to_all_that_it_cites(reader: ClickHouseStore) -> None:
    said = await trace(reader, WHOSE, "FC-2026Q2-CN", None)
    assert [one.ids["opportunity"] for one in said.chains] == [("OPP-0003",), ("OPP-0004",)]
    lost = said.chains[1].forecasts[0]
    assert [one.line_id for one in lost.citations] == ["L2", ""]
    assert [one.type for one in lost.marks] == ["forecast.line.unsupported"]


async def test_as_it_was_known_before_the_signing(reader: ClickHouseStore) -> None:
    said = await trace(reader, WHOSE, "OPP-0001", ms("04-29 13:59"))
    assert (said.chains[0].stage, said.chains[0].cash, said.chains[0].alerts) == ("BIDDING", None, ())


async def test_near_ids_are_few_and_the_tenants_own(reader: ClickHouseStore) -> None:
    from gateway.queries import near_ids

    assert [row["subject"] for row in await reader.rows(near_ids("acme", "opp-001"))] == ["OPP-0001"]
    assert await reader.rows(near_ids("acme", "OPP")) == []
    assert await reader.rows(near_ids("nobody", "OPP-0001")) == []
