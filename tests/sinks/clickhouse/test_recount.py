"""Flows worked out by SQL on the real engine: equal to what was told, and unequal as soon as either side is harmed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from pydantic import SecretStr

from sharedchain.canonical import dumps
from sharedchain.endpoints import ClickHouse
from sharedchain.rulecheck import load as rules
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.recount import declared, recount, sayable
from sinks.clickhouse.store import connect
from tests.census import used
from tests.deploy.clickhouse.launch import launch

MINUTE = 60_000
START = 1_700_000_040_000 // MINUTE * MINUTE
FLOW = {
    "id": "M-91", "name": {"zh": "件", "en": "pieces"}, "kind": "flow", "unit": "pieces", "scale": 2,
    "owner": "role:buyer", "dims": [[], ["site"], ["of", "ok"]],
    "count": {"events": ["a", "b"], "add": "qty", "where": {"ok": ["True", "x"], "kind": {"not": "TEST"}},
              "paths": {"of": {"constant": "all"}}, "per_event": {"b": {"site": "place"}}},
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    made = launch(tmp_path_factory.mktemp("recount") / "data")
    by = made.owner
    yield ClickHouse(url=f"http://{by.host}:{by.port}", user=by.user, password=SecretStr(by.password))
    made.kill()


@pytest.fixture
def client(request: pytest.FixtureRequest, server: ClickHouse, tmp_path: Path) -> Iterator[Client]:
    """A store with seven facts, two of them no concern of the flow, and the minutes as the engine tells them."""
    used(request, {"clickhouse"})
    where = server.model_copy(update={"database": f"recount_{tmp_path.name}"})
    migrate(where)
    with connect(where) as made:
        body = {"kind": "measure", "name": "M-91", "hash": "h", "body": dumps(FLOW)}
        fact(made, 1, "config.defined", body, kind="config", scope="_system")
        fact(made, 2, "a", {"qty": "1.50", "ok": True, "site": "上海"})
        fact(made, 3, "b", {"qty": "2", "ok": "x", "place": "上海"})
        fact(made, 4, "a", {"ok": True}, at=1)  # nothing to add: counted, by 0
        fact(made, 5, "a", {"qty": "9", "ok": False, "site": "上海"})
        fact(made, 6, "a", {"qty": "9", "ok": True, "kind": "TEST"})
        fact(made, 7, "a", {"qty": "5", "ok": True, "site": "N"}, at=2)  # its minute is not over when last told
        told(made, {}, 0, "1.50", 1, nth=1, recorded=1)
        told(made, {}, 0, "3.50", 2)  # corrected: the last row of a minute counts
        told(made, {}, 1, "0", 1)
        told(made, {"site": "上海"}, 0, "3.50", 2)
        told(made, {"site": ""}, 1, "0", 1)
        told(made, {"of": "all", "ok": "True"}, 0, "1.50", 1)
        told(made, {"of": "all", "ok": "x"}, 0, "2", 1)
        told(made, {"of": "all", "ok": "True"}, 1, "0", 1)
        yield made


def fact(client: Client, seq: int, type_: str, data: object, at: int = 0, kind: str = "fact", scope: str = "s") -> None:
    row = (0, seq, 0, kind, scope, "s", type_, f"id{seq}", START + at * MINUTE + seq, START + at * MINUTE + seq)
    columns = ["partition", "seq", "n", "kind", "scope", "tenant", "type", "id", "time", "recorded", "data"]
    client.insert("facts", [(*row, dumps(data))], columns, settings=_anew())


def told(client: Client, dims: object, at: int, value: str, n: int, nth: int = 2, recorded: int = 2) -> None:
    columns = ["tenant", "metric_id", "dims", "minute", "value", "n", "recorded", "partition", "seq", "nth"]
    row = ("s", "M-91", dumps(dims), START + at * MINUTE, value, n, START + recorded * MINUTE, 0, 9, nth)
    client.insert("metric_minute", [row], columns, settings=_anew())


def _anew() -> dict[str, str]:
    """A token of its own for each insert: the same row twice is two rows."""
    return {"insert_deduplication_token": secrets.token_hex(8)}


def judged(client: Client) -> tuple[int, int]:
    (one,) = declared(client, 8)
    found = [recount(client, one, settled=settled) for settled in (True, False)]
    assert found[0].wrong == found[1].wrong, "the last fact is behind the last close: both see the same"
    return found[0].compared, found[0].wrong


@pytest.mark.slow
def test_what_was_told_is_what_the_facts_say_until_either_is_harmed(client: Client) -> None:
    assert judged(client) == (7, 0)
    told(client, {"site": "上海"}, 0, "3.51", 2, nth=3)
    assert judged(client) == (7, 1)
    told(client, {"site": "上海"}, 0, "3.50", 2, nth=4)
    assert judged(client) == (7, 0)
    fact(client, 3, "b", {"qty": "2", "ok": "x", "place": "上海"})  # stands twice: two of its three rows, and `[]`
    assert judged(client) == (7, 3)
    told(client, {"site": "nowhere"}, 0, "0", 0, nth=4)
    assert judged(client) == (8, 3)


def test_most_flows_can_be_said_in_sql_and_the_others_are_known() -> None:
    flows = {id_: one for id_, one in rules().measures().items() if one.kind == "flow"}
    assert {id_ for id_, one in flows.items() if not sayable(one)} == {
        "M-01.converted", "M-01.disqualified", "M-06.decided", "M-06.signed", "M-19", "M-53.received",
        "M-70.new", "M-70.orders", "M-70.revenue", "M-74.readings", "M-74.within",
    }  # fmt: skip
