"""GET /v1/trace/{id}: any id of the chain, every step, and a clear word when nobody knows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from gateway.app import build
from sharedchain.trace import Trace
from tests.gateway.fake_door import Fakes
from tests.gateway.lead_to_cash import Log, alert, ms, quarter, told, utc
from tests.gateway.log_store import LogStore

LOG = quarter()
OVERDUE = next(one for one in LOG.rows if one["type"] == "receivable.overdue")
ALERTS = [
    alert("a31", "R-20", "AR-0001/1", "05-04 00:00", "05-04 00:00", "raised", seq=OVERDUE["seq"]),
    alert("a31", "R-20", "AR-0001/1", "05-04 00:00", "05-05 10:00", "resolved", seq=99),
    alert("a13", "R-03", "2026Q2", "04-20 10:01", "04-20 10:01", "raised", seq=5000),
]
TOLD = [told("a31", "raised", "E051", "INBOX"), told("a31", "raised", "E001", "EMAIL")]


@pytest.fixture
def log_store() -> LogStore:
    return LogStore(LOG.rows, ALERTS, TOLD)


@pytest.fixture
def client(fakes: Fakes, log_store: LogStore) -> Iterator[TestClient]:
    app = build(replace(fakes.door(), store=log_store, wall=lambda: ms("05-05 23:59")))
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 1), raise_server_exceptions=False) as made:
        yield made


def ask(client: TestClient, ident: str, **params: str) -> Trace:
    answer = client.get(f"/v1/trace/{ident}", params=params)
    assert answer.status_code == 200, answer.text
    return Trace.model_validate(answer.json())


@pytest.mark.parametrize(
    "ident", ["LEAD-0001", "OPP-0001", "CT-2026-0001", "AR-0001", "PAY-1", "CA-0001", "bank-77", "a31", "e1"]
)
def test_any_id_gives_the_whole_chain(client: TestClient, ident: str) -> None:
    said = ask(client, ident)
    (chain,) = said.chains
    assert chain.ids["lead"] == ("LEAD-0001",)
    assert (chain.ids["receivable"], chain.ids["payment"], chain.ids["case"]) == (
        ("AR-0001",),
        ("PAY-1",),
        ("CA-0001",),
    )
    assert (chain.stage, chain.amount, chain.owner_id, chain.closed) == ("SIGNED", "48000000.00", "E001", False)
    assert chain.seconds == 33 * 86_400 + 3600
    assert (chain.steps[0].type, chain.steps[-1].type) == ("lead.captured", "payment.received")


def test_alerts_of_the_chain_come_with_the_people_told_and_others_stay_out(client: TestClient) -> None:
    (chain,) = ask(client, "OPP-0001").chains
    assert [one.alert_id for one in chain.alerts] == ["a31"]
    assert {(one.recipient, one.channel) for one in chain.alerts[0].told} == {("E051", "INBOX"), ("E001", "EMAIL")}


def test_a_forecast_has_its_history_and_the_chains_it_cites(client: TestClient) -> None:
    said = ask(client, "FC-2026Q2-CN")
    assert said.found_as == "forecast"
    assert [one.type for one in said.history] == [
        "forecast.published",
        "forecast.line.unsupported",
        "forecast.published",
    ]
    assert [chain.ids["opportunity"] for chain in said.chains] == [("OPP-0003",), ("OPP-0004",)]
    assert [chain.forecasts[0].citations[0].line_id for chain in said.chains] == ["L1", "L2"]


def test_a_refusal_of_something_that_never_came_in_is_told(client: TestClient, log_store: LogStore) -> None:
    log = Log()
    log.refuse("04-05 09:00", "lead.captured", "LEAD-0099", reason="missing_field", field="expected_amount")
    log_store.facts = log.rows
    (chain,) = ask(client, "LEAD-0099").chains
    assert (chain.stage, [one.state for one in chain.steps]) == ("REFUSED", ["refused"])


def test_a_refused_payment_leads_to_the_chain_it_was_meant_for(client: TestClient, log_store: LogStore) -> None:
    log = quarter()
    log.refuse("05-05 11:00", "payment.received", "PAY-9", "LEAD-0001", reason="domain", field="instalment_no")
    log_store.facts = log.rows
    said = ask(client, "PAY-9")
    (chain,) = said.chains
    assert (said.found_as, chain.ids["payment"]) == ("payment", ("PAY-1",))
    assert (chain.steps[-1].state, chain.steps[-1].subject) == ("refused", "PAY-9")


def test_an_id_of_nobody_is_404_with_what_looks_alike(client: TestClient, log_store: LogStore) -> None:
    log_store.near = ["OPP-0001"]
    answer = client.get("/v1/trace/OPP-001")
    assert (answer.status_code, answer.json()["code"], answer.json()["near"]) == (404, "no_such_id", ["OPP-0001"])
    assert "did you mean OPP-0001?" in answer.json()["detail"]


def test_the_moment_asked_reaches_every_query(client: TestClient, log_store: LogStore) -> None:
    said = ask(client, "OPP-0001", at="2026-05-01T00:00:00+08:00")
    assert said.as_of == utc("05-01 00:00")
    read = [one for one in log_store.asked if "last_recorded" not in one.sql]
    assert len(read) >= 4
    assert all("2026-04-30 16:00:00.000" in one.parameters.values() for one in read)


def test_more_chains_than_are_shown_are_counted(client: TestClient, log_store: LogStore) -> None:
    log = Log()
    for number in range(13):
        log.add("04-02 09:00", "lead.captured", f"LEAD-{number}", "import-7", lead_id=f"LEAD-{number}")
    log_store.facts = log.rows
    said = ask(client, "import-7")
    assert (said.found_as, len(said.chains), said.left_off) == ("correlation", 10, 3)


def test_the_shape_is_documented(client: TestClient) -> None:
    api = client.get("/openapi.json").json()
    answer = api["paths"]["/v1/trace/{ident}"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/Trace")
    assert {"Step", "Case", "Node", "Cash", "Forecast", "Alert"} <= api["components"]["schemas"].keys()


def test_an_id_that_came_later_is_told_as_not_known_then(client: TestClient, log_store: LogStore) -> None:
    log_store.near = ["OPP-0007"]
    answer = client.get("/v1/trace/OPP-0007", params={"at": "2026-03-02T00:00:00+08:00"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_id")
    assert "did not know OPP-0007 at 2026-03-01T16:00:00.000Z yet" in answer.json()["detail"]
