"""POST /v1/imports/{dialect} over fakes: a foreign system's words become events, row by row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.gateway.fake_door import Fakes, contract

JSON = {"content-type": "application/json; charset=utf-8"}
PLAIN = {"AS last_recorded": [{"body": '{"flow":"plain"}', "last_recorded": None}]}
CREATED, WON, LOST, TITLE, STRANGE, PERSON = (
    dict(one.row) for one in contract().dialects["pipedrive"].dialect.examples
)


@pytest.fixture(autouse=True)
def plain(fakes: Fakes) -> None:
    fakes.store.answers |= PLAIN


def post(client: TestClient, body: Any, path: str = "pipedrive?tenant=acme", **headers: str) -> Any:
    return client.post(f"/v1/imports/{path}", content=json.dumps(body), headers=JSON | headers)


def test_a_webhook_body_is_published_in_our_words(client: TestClient, fakes: Fakes) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answer = post(client, CREATED, traceparent=trace)
    assert answer.status_code == 202
    (sent,) = fakes.publisher.sent
    assert (sent.envelope.id, sent.envelope.source) == ("pipedrive/deal/31/opportunity.opened", "pipedrive")
    assert (sent.envelope.tenant, sent.envelope.subject, sent.envelope.traceparent) == ("acme", "31", trace)
    assert (sent.envelope.backfill, sent.key, str(sent.data["amount"])) == (False, b"31", "48000.50")
    (row,) = answer.json()["rows"]
    assert (row["outcome"], row["events"][0]["topic"]) == ("published", "sales.opportunity.v1")


def test_the_same_body_again_has_the_same_names(client: TestClient, fakes: Fakes) -> None:
    post(client, CREATED)
    post(client, CREATED)
    first, second = fakes.publisher.sent
    assert (first.envelope, first.data) == (second.envelope, second.data)


def test_each_row_is_answered_for_itself(client: TestClient, fakes: Fakes) -> None:
    answer = post(client, [WON, STRANGE, TITLE])
    assert answer.status_code == 207
    said = answer.json()
    assert (said["taken"], said["refused"]) == (2, 1)
    assert [row["outcome"] for row in said["rows"]] == ["published", "refused", "nothing"]
    assert said["rows"][0]["notes"] == ["without organisation"]
    assert said["rows"][1]["errors"][0]["field"] == "[1].reason"
    assert [one.type.name for one in fakes.publisher.sent] == ["opportunity.signed"]


@pytest.mark.parametrize("media", ["", "text/plain", "application/x-www-form-urlencoded", "text/x+json"])
def test_what_a_web_page_can_have_a_browser_post_is_refused(client: TestClient, fakes: Fakes, media: str) -> None:
    answer = post(client, CREATED, **{"content-type": media})
    assert (answer.status_code, answer.json()["code"]) == (415, "bad_content_type")
    assert fakes.publisher.sent == []


def test_where_no_row_is_understood_the_answer_is_a_problem(client: TestClient, fakes: Fakes) -> None:
    answer = post(client, [STRANGE, PERSON])
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [
        ("[0].reason", "unknown_term"),
        ("[1].meta.entity", "unknown_term"),
    ]
    assert fakes.publisher.sent == []


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("sap?tenant=acme", CREATED, 404, "no_dialect"),
        ("pipedrive", CREATED, 422, "bad_parameter"),
        ("pipedrive?tenant=acme&part=person", CREATED, 422, "bad_parameter"),
        ("crm?tenant=acme", {}, 422, "bad_parameter"),
        ("pipedrive?tenant=_system", CREATED, 403, "forbidden"),
        ("pipedrive?tenant=acme", [], 422, "bad_batch"),
        ("pipedrive?tenant=acme", [1], 422, "bad_batch"),
        ("pipedrive?tenant=acme", [CREATED] * 501, 422, "bad_batch"),
    ],
)
def test_what_cannot_be_read_is_a_problem(client: TestClient, path: str, body: Any, status: int, code: str) -> None:
    answer = post(client, body, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_bytes_that_are_no_json_are_a_problem(client: TestClient) -> None:
    answer = client.post("/v1/imports/pipedrive?tenant=acme", content=b'{"a": 1, "a": 2}', headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "duplicate_key")


def test_a_tenant_of_another_flow_is_told_how_to_begin(client: TestClient, fakes: Fakes) -> None:
    fakes.store.answers["AS last_recorded"] = []
    answer = post(client, CREATED)
    assert (answer.status_code, answer.json()["code"]) == (409, "other_flow")
    assert "sharedchain import pipedrive --tenant" in answer.json()["detail"]
    assert fakes.publisher.sent == []


def test_kafka_away_is_503(client: TestClient, fakes: Fakes) -> None:
    fakes.publisher.down = True
    assert post(client, CREATED).status_code == 503
