"""Property: whatever is posted to the door, the answer is 202 or a problem, and never 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.depth import examples
from tests.gateway.fake_door import Fakes, contract
from tests.gateway.test_events import LEAD, event

_MEDIA = ["application/cloudevents+json", "application/cloudevents-batch+json", "application/json", "text/plain", ""]
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["lead.captured", "forecast.published", "1.0", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59"]
    )
)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
_SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def judge(answer: Any) -> None:
    assert answer.status_code in (202, 400, 403, 413, 415, 422), answer.text
    if answer.status_code != 202:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]


@examples(60, suppress_health_check=_SLOW)
@given(body=st.binary(max_size=300), media=st.sampled_from(_MEDIA))
def test_any_bytes(client: TestClient, body: bytes, media: str) -> None:
    judge(client.post("/v1/events", content=body, headers={"content-type": media}))


@examples(80, suppress_health_check=_SLOW)
@given(name=st.sampled_from([*event(), "time", "tenant", "backfill", "subject", "data_base64"]), value=_VALUES)
def test_any_value_in_any_attribute(client: TestClient, name: str, value: Any) -> None:
    body = json.dumps(event() | {name: value})
    judge(client.post("/v1/events", content=body, headers={"content-type": _MEDIA[0]}))


@examples(80, suppress_health_check=_SLOW)
@given(name=st.sampled_from([*LEAD, "channel", "nonsense"]), value=_VALUES)
def test_any_value_in_any_field(client: TestClient, name: str, value: Any) -> None:
    body = json.dumps(event(data=LEAD | {name: value}))
    judge(client.post("/v1/events", content=body, headers={"content-type": _MEDIA[0]}))


@examples(60, suppress_health_check=_SLOW)
@given(name=st.sampled_from(["meta", "data", "previous", "x"]), value=_VALUES, within=st.booleans())
def test_any_value_in_a_foreign_row(client: TestClient, fakes: Fakes, name: str, value: Any, within: bool) -> None:
    fakes.store.answers["AS last_recorded"] = [{"body": '{"flow":"plain"}'}]
    row = dict(contract().dialects["pipedrive"].dialect.examples[0].row)
    row |= {name: value} if not within else {"data": row["data"] | {"value": value, "org_id": value}}
    json_only = {"content-type": "application/json"}
    judge(client.post("/v1/imports/pipedrive?tenant=t", content=json.dumps(row), headers=json_only))


@pytest.mark.parametrize("amount", ["1" + "0" * 30, "-1e30", "1e17", "0.001", '"1e5000"', '"NaN"', '"-0"', '"١٢"'])
def test_amounts_that_no_field_holds_are_refused_or_exact(client: TestClient, amount: str) -> None:
    body = json.dumps(event()).replace('"48000000.00"', amount)
    judge(client.post("/v1/events", content=body, headers={"content-type": _MEDIA[0]}))


@pytest.mark.parametrize("value", [b"%ff", b"%00", b"%0d%0aX", b"\xff\xfe", b"%ED%A0%80"])
def test_headers_that_are_no_text_are_refused(client: TestClient, value: bytes) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"ce-specversion", b"1.0"),
        (b"ce-id", value),
        (b"ce-source", b"s"),
        (b"ce-type", b"lead.captured"),
    ]
    answer = client.post("/v1/events", content=json.dumps(LEAD), headers=headers)
    assert answer.status_code in (400, 422) or value == b"\xff\xfe", answer.text
    judge(answer)
