"""POST /v1/events over fakes: the three CloudEvents modes, the checks at the door, the answers."""

from __future__ import annotations

import json
from typing import Any

from starlette.testclient import TestClient

from tests.gateway.fake_door import Fakes

LEAD: dict[str, Any] = {
    "lead_id": "LEAD-0001",
    "customer_industry": "MANUFACTURING",
    "demand_type": "NEW",
    "expected_amount": "48000000.00",
    "customer_id": "C-DE-01",
    "region": "DE",
    "owner_id": "E001",
}


def event(**changes: Any) -> dict[str, Any]:
    said = {"specversion": "1.0", "id": "1", "source": "crm", "type": "lead.captured", "data": LEAD} | changes
    return {name: value for name, value in said.items() if value is not None}


def post(client: TestClient, body: Any, media: str = "application/cloudevents+json") -> Any:
    return client.post("/v1/events", content=json.dumps(body), headers={"content-type": media})


def test_structured_event_is_published_with_its_envelope(client: TestClient, fakes: Fakes) -> None:
    answer = post(client, event(tenant="acme", time="2026-03-15T08:00:00+08:00", correlationid="c1", actor="E001"))
    assert answer.status_code == 202
    assert answer.json() == {"topic": "sales.lead.v1", "partition": 0, "offset": 0, "id": "1"}
    sent = fakes.publisher.sent[0]
    assert (sent.envelope.tenant, sent.envelope.correlation, sent.envelope.actor) == ("acme", "c1", "E001")
    assert sent.envelope.time == 1_773_532_800_000
    assert sent.key == b"LEAD-0001"


def test_binary_event_says_the_same_as_structured(client: TestClient, fakes: Fakes) -> None:
    headers = {
        "content-type": "application/json; charset=utf-8",
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "crm%20%E5%8D%8E",
        "ce-type": "lead.captured",
        "ce-tenant": "acme",
    }
    assert client.post("/v1/events", content=json.dumps(LEAD), headers=headers).status_code == 202
    post(client, event(source="crm 华", tenant="acme"))
    first, second = fakes.publisher.sent
    assert (first.envelope, first.data) == (second.envelope, second.data)


def test_batch_is_published_in_its_order(client: TestClient, fakes: Fakes) -> None:
    answer = post(client, [event(id="1"), event(id="2")], "application/cloudevents-batch+json")
    assert answer.status_code == 202
    assert [one["id"] for one in answer.json()] == ["1", "2"]
    assert [one.envelope.id for one in fakes.publisher.sent] == ["1", "2"]


def test_one_bad_event_keeps_the_whole_batch_out(client: TestClient, fakes: Fakes) -> None:
    bad = event(id="2", data=LEAD | {"customer_industry": "MANUFACTORING"})
    answer = post(client, [event(id="1"), bad], "application/cloudevents-batch+json")
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [
        ("[1].data.customer_industry", "unknown_term")
    ]
    assert fakes.publisher.sent == []


def test_a_missing_contract_field_is_named_with_how_to_mend(client: TestClient, fakes: Fakes) -> None:
    data = {name: value for name, value in LEAD.items() if name != "expected_amount"}
    answer = post(client, event(data=data))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0] == {
        "field": "data.expected_amount",
        "code": "missing_field",
        "text": "lead.captured needs expected_amount",
        "mend": "send expected_amount",
    }
    assert fakes.publisher.sent == []


def test_a_field_path_reaches_into_lists(client: TestClient) -> None:
    line = {"line_id": "L1", "basis": "EXPERIENCE", "rationale": "run rate", "amount": "1.005"}
    data = {
        "forecast_id": "FC-1",
        "version": 1,
        "period": "2026Q2",
        "org_id": "O",
        "region": "DE",
        "owner_id": "E001",
        "lines": [line],
    }
    answer = post(client, event(type="forecast.published", data=data))
    assert answer.json()["errors"][0]["field"] == "data.lines[0].amount"


def test_a_misspelt_field_is_refused_with_the_near_name(client: TestClient) -> None:
    answer = post(client, event(data=LEAD | {"regoin": "DE"}))
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["code"], error["mend"]) == (422, "domain", "did you mean region?")


def test_an_unknown_type_is_refused_with_near_names(client: TestClient) -> None:
    error = post(client, event(type="lead.captred")).json()["errors"][0]
    assert error["code"] == "undeclared_type"
    assert "lead.captured" in error["mend"]


def test_derived_types_cannot_be_published(client: TestClient) -> None:
    error = post(client, event(type="alert.raised")).json()["errors"][0]
    assert (error["code"], "derived by the chain" in error["text"]) == ("undeclared_type", True)


def test_attributes_that_are_absent_are_all_named(client: TestClient) -> None:
    answer = post(client, {"data": LEAD})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"specversion", "id", "source", "type"}


def test_time_without_zone_is_refused(client: TestClient) -> None:
    answer = post(client, event(time="2026-03-15T08:00:00"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "time")


def test_the_systems_scope_clock_and_config_are_closed(client: TestClient, fakes: Fakes) -> None:
    tick = event(type="clock.ticked", data={"at": "2026-05-01T00:00:00Z", "n": 1})
    config = event(type="config.defined", data={"kind": "rule", "name": "R-01", "hash": "x", "body": "{}"})
    for one in (event(tenant="_system"), tick, config):
        assert post(client, one).status_code == 403
    assert fakes.publisher.sent == []


def test_plain_json_is_answered_with_what_to_send(client: TestClient) -> None:
    answer = post(client, LEAD, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (415, "bad_content_type")
    assert "application/cloudevents+json" in answer.json()["detail"]


def test_kafka_away_is_503_with_retry_after(client: TestClient, fakes: Fakes) -> None:
    fakes.publisher.down = True
    answer = post(client, event())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["code"] == "peer_unavailable"


def test_money_keeps_every_digit(client: TestClient, fakes: Fakes) -> None:
    body = json.dumps(event()).replace('"48000000.00"', "9007199254740993.01")
    client.post("/v1/events", content=body, headers={"content-type": "application/cloudevents+json"})
    assert str(fakes.publisher.sent[0].data["expected_amount"]) == "9007199254740993.01"


CUSTOMER = {"customer_id": "C1", "name": "Acme", "industry": "TECHNOLOGY", "region": "US"}
PLAIN = '{"id":"plain","version":1,"kind":"opportunity","title":{"zh":"x","en":"x"},"stages":[{"code":"FOLLOWING"}],'
PLAIN += '"signed_from":["FOLLOWING"],"numbers":{"contract":"C-{n}","receivable":"A-{n}"},"default_terms":[],'
PLAIN += '"reported":{"master.customer.upserted":["org_structure","decision_chain","owner_id"]}}'


def master(**changes: Any) -> dict[str, Any]:
    return event(type="master.customer.upserted", tenant="crm", data=CUSTOMER | changes)


def test_what_the_tenants_flow_only_reports_may_lack(client: TestClient, fakes: Fakes) -> None:
    fakes.store.answers |= {"AS last_recorded": [{"body": '{"flow":"plain"}'}], "AS body FROM facts": [{"body": PLAIN}]}
    assert post(client, master()).status_code == 202
    assert post(client, master(owner_id="")).status_code == 202
    assert [one.data["owner_id"] for one in fakes.publisher.sent] == [None, None]
    assert post(client, master(name=None)).json()["errors"][0]["field"] == "data.name"
    assert post(client, master(decision_chain=[{}])).json()["errors"][0]["field"] == "data.decision_chain[0].person_ref"


def test_elsewhere_it_may_not(client: TestClient, fakes: Fakes) -> None:
    answer = post(client, master())
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {
        "data.org_structure",
        "data.decision_chain",
        "data.owner_id",
    }
    post(client, event(data={}))
    assert len(fakes.store.asked) == 2  # a lead's gap asks nobody


def test_a_batch_of_gaps_asks_once_a_tenant(client: TestClient, fakes: Fakes) -> None:
    fakes.store.answers |= {"AS last_recorded": [{"body": '{"flow":"plain"}'}], "AS body FROM facts": [{"body": PLAIN}]}
    batch = [master(), master(), master() | {"tenant": "other"}, master()]
    for at, one in enumerate(batch):
        one["id"] = f"e{at}"
    assert post(client, batch, "application/cloudevents-batch+json").status_code == 202
    assert len(fakes.store.asked) == 4  # two a tenant: its settings, its flow
