"""The HTTP door on the real chain: acknowledged means on the topic, and counted once."""

from __future__ import annotations

import asyncio
import json
import signal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from confluent_kafka import TopicPartition

from deploy.local.stack import Stack
from sharedchain.barrier import settle
from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.kafka import consumer, create_topics
from sharedchain.links import confirm_path, link_for
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from tests.gateway.test_events import LEAD, event

pytestmark = pytest.mark.stack
MEDIA = {"content-type": "application/cloudevents+json"}
FORECAST: dict[str, Any] = {
    "forecast_id": "FC-BR",
    "version": 1,
    "period": "2026Q4",
    "org_id": "ORG-1",
    "region": "BR",
    "owner_id": "E002",
    "currency": "CNY",
    "lines": [
        {"line_id": "L1", "basis": "PROJECT", "opportunity_id": "OPP-2", "amount": "36000000.00"},
        {"line_id": "L2", "basis": "EXPERIENCE", "rationale": "run rate", "amount": "18000000.00"},
    ],
}


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def client(stack: Endpoints) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=stack.gateway, timeout=30, trust_env=False) as made:
        yield made


def publish(client: httpx2.Client, tenant: str, **changes: Any) -> httpx2.Response:
    return client.post("/v1/events", content=json.dumps(event(tenant=tenant, **changes)), headers=MEDIA)


def published_forecast(client: httpx2.Client, stack: Endpoints, tenant: str) -> str:
    """The link of a mail to E002, once version 1 stands."""
    assert publish(client, tenant, type="forecast.published", id="v1", data=FORECAST).status_code == 202
    settle(stack)
    path = confirm_path(tenant, "FC-BR", 1, "E002")
    return link_for(stack.link_secret.get_secret_value(), stack.gateway, path, "E002")


def history(client: httpx2.Client, tenant: str) -> list[tuple[int, str, str]]:
    said = client.get("/v1/forecasts/FC-BR", params={"tenant": tenant}).json()["history"]
    return [(one["version"], one["by"], one["new_total"]) for one in said]


def test_what_was_acknowledged_lies_where_the_answer_says(client: httpx2.Client, stack: Endpoints, tenant: str) -> None:
    place = publish(client, tenant, id="1", correlationid="c1").json()
    reader = consumer(stack, f"test-{uuid.uuid4().hex}")
    try:
        reader.assign([TopicPartition(place["topic"], place["partition"], place["offset"])])
        message = reader.poll(30)
    finally:
        reader.close()
    assert message is not None
    headers = dict(message.headers() or [])
    assert (headers["ce_id"], headers["ce_tenant"], headers["ce_correlationid"]) == (b"1", tenant.encode(), b"c1")
    decoded = Codec(Registry(stack.registry), Catalog.load()).decode(place["topic"], message.value())
    assert (decoded.type.name, str(decoded.data["expected_amount"])) == ("lead.captured", LEAD["expected_amount"])


async def test_fifty_at_once_of_one_identity_are_one_event(stack: Endpoints, tenant: str) -> None:
    body = json.dumps(event(tenant=tenant, id="same"))
    async with httpx2.AsyncClient(base_url=stack.gateway, timeout=60, trust_env=False) as client:
        sent = [client.post("/v1/events", content=body, headers=MEDIA) for _ in range(50)]
        assert {answer.status_code for answer in await asyncio.gather(*sent)} == {202}
        assert (await client.post("/v1/events", content=body, headers=MEDIA)).status_code == 202
    settle(stack)
    with httpx2.Client(timeout=30, trust_env=False) as client_:
        assert _count(client_, stack, tenant) == "1"


def _count(client: httpx2.Client, stack: Endpoints, tenant: str) -> str:
    """How many rows of this tenant's lead the table of facts holds."""
    house = stack.clickhouse
    sql = "SELECT count() FROM facts WHERE tenant = {tenant:String} AND type = 'lead.captured' AND kind = 'fact'"
    answer = client.post(
        house.url,
        params={"database": house.database, "param_tenant": tenant},
        content=sql,
        headers={"X-ClickHouse-User": house.user, "X-ClickHouse-Key": house.password.get_secret_value()},
    )
    return answer.text.strip()


def test_a_refused_event_is_nowhere(client: httpx2.Client, stack: Endpoints, tenant: str) -> None:
    bad = {name: value for name, value in LEAD.items() if name != "expected_amount"}
    assert publish(client, tenant, data=bad).status_code == 422
    settle(stack)
    assert _count(client, stack, tenant) == "0"


def test_the_link_in_the_mail_refreshes_the_forecast_once(client: httpx2.Client, stack: Endpoints, tenant: str) -> None:
    link = published_forecast(client, stack, tenant)
    page = client.get(link, headers={"accept": "text/html", "accept-language": "zh"})
    assert 'value="18,000,000.00"' in page.text
    change = {"lines": [{"line_id": "L2", "amount": "12000000.00"}]}
    assert [client.post(link, json=change).status_code for _ in range(2)] == [202, 202]
    settle(stack)
    assert history(client, tenant) == [(2, "E002", "48000000.00"), (1, "E002", "54000000.00")]
    assert client.post(link, json=change).status_code == 200  # a late click on the same button
    other = client.post(link, json={"lines": [{"line_id": "L2", "amount": "1"}]})
    assert (other.status_code, other.json()["refreshed_by"]) == (409, "E002")
    settle(stack)
    assert len(history(client, tenant)) == 2


def test_a_stream_resumes_behind_the_last_id(client: httpx2.Client, stack: Endpoints, tenant: str) -> None:
    link = published_forecast(client, stack, tenant)
    (first,) = _stream(client, tenant, 1, {"beginning": "true"}, {})
    assert first["data"]["new_total"] == "54000000.00"
    assert client.post(link).status_code == 202
    line, second = _stream(client, tenant, 2, {}, {"last-event-id": first["id"]})
    assert (line["data"]["cause"], line["event"]) == ("MISSING", "forecast.line.unsupported")  # said behind version 1
    assert (second["data"]["version"], second["event"]) == (2, "forecast.live.updated")


def _stream(
    client: httpx2.Client, tenant: str, count: int, params: dict[str, str], headers: dict[str, str]
) -> list[dict[str, Any]]:
    """The first `count` events of the live stream."""
    found: list[dict[str, Any]] = []
    now: dict[str, Any] = {}
    with client.stream("GET", "/v1/forecasts/stream", params={"tenant": tenant, **params}, headers=headers) as answer:
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name in ("event", "id", "data"):
                now[name] = json.loads(value) if name == "data" else value
            elif not line and "data" in now:
                found.append(now)
                now = {}
                if len(found) == count:
                    break
    return found


def test_one_tenant_never_sees_another(client: httpx2.Client, stack: Endpoints, tenant: str) -> None:
    published_forecast(client, stack, tenant)
    hostile = [f"{tenant}x", f"{tenant}' OR '1'='1", "%", "_system", f"{tenant}\\", "', tenant, '"]
    for stranger in hostile:
        params = {"tenant": stranger, "recipient": "E002"}
        for path in ("/v1/alerts", "/v1/inbox", "/v1/metrics/M-09", "/v1/metrics/M-01", "/v1/forecasts"):
            answer = client.get(path, params=params)
            assert (answer.status_code, answer.json()["items"]) == (200, []), (path, stranger)
        assert client.get("/v1/forecasts/FC-BR", params=params).status_code == 404
    assert client.get("/v1/forecasts", params={"tenant": tenant}).json()["items"] != []


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/metrics/M-09", "/v1/metrics/M-19", "/v1/metrics/M-53"])
def test_every_filter_is_sql_that_the_store_takes(client: httpx2.Client, path: str) -> None:
    filters = {"state": "open", "severity": "RED", "rule": "x'", "subject": "\\", "at": "2026-05-01T00:00:00.123Z"}
    params = filters | {"as_known": "2026-05-01T00:00:00Z", "dims": "re'gion=\\'", "limit": "7"}
    answer = client.get(path, params=params)
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_every_peer_answers(client: httpx2.Client) -> None:
    said = client.get("/readyz").json()
    assert (said["ready"], said["peers"]) == (True, {"kafka": "ok", "registry": "ok", "clickhouse": "ok"})


@pytest.mark.slow
def test_a_broker_that_is_silent_is_503_and_the_repetition_counts_once(
    fresh_stack: Callable[..., Stack], tenant: str
) -> None:
    """Nothing is acknowledged that is not stored: what was sent into the silence may arrive, under the same id."""
    stack = fresh_stack(parts=("kafka", "registry", "gateway"))
    ends = stack.up()
    create_topics(ends, Catalog.load())
    with httpx2.Client(base_url=ends.gateway, timeout=30, trust_env=False) as client:
        first = publish(client, tenant, id="before").json()
        stack.kill("kafka", signal.SIGSTOP)
        try:
            silent = publish(client, tenant, id="during")
            assert client.get("/healthz").status_code == 200
            assert client.get("/readyz").json()["peers"]["kafka"] != "ok"
        finally:
            stack.kill("kafka", signal.SIGCONT)
        assert (silent.status_code, silent.headers["retry-after"]) == (503, "2")
        again = publish(client, tenant, id="during")
    assert again.status_code == 202
    assert again.json()["offset"] > first["offset"]
