"""What every request passes first: host, size, time, encodings; and the headers of every answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from gateway.app import build
from gateway.shield import HEADERS, MAX_BODY
from tests.gateway.fake_door import Fakes

_MEDIA = {"content-type": "application/cloudevents+json"}


def test_a_body_over_the_cap_is_413_by_its_length(client: TestClient) -> None:
    answer = client.post("/v1/events", content=b" " * (MAX_BODY + 1), headers=_MEDIA)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_body_over_the_cap_is_413_without_a_length(client: TestClient) -> None:
    answer = client.post("/v1/events", content=(b" " * 65536 for _ in range(17)), headers=_MEDIA)
    assert answer.status_code == 413


def test_a_body_at_the_cap_is_read(client: TestClient) -> None:
    answer = client.post("/v1/events", content=b" " * MAX_BODY, headers=_MEDIA)
    assert answer.json()["code"] == "bad_json"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "br", "gzip, identity"])
def test_packed_bodies_are_refused_unread(client: TestClient, encoding: str) -> None:
    answer = client.post("/v1/events", content=b"x", headers=_MEDIA | {"content-encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (415, "bad_content_encoding")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "127.0.0.1:x@evil.example"])
def test_a_foreign_host_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/healthz", headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "bad_host")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_loopback_names_are_served(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/v1/alerts?limit=x", "/v1/forecasts/x/confirm"])
def test_every_answer_carries_the_safe_headers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    for name in HEADERS:
        assert name.decode() in answer.headers, name


async def test_a_body_that_does_not_arrive_is_408(fakes: Fakes) -> None:
    app = build(fakes.door(), body_seconds=0.05)
    sent: list[Message] = []

    async def receive() -> Message:
        if sent:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/events",
        "raw_path": b"/v1/events",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/cloudevents+json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    await asyncio.wait_for(app(scope, receive, send), 5)
    assert sent[0]["status"] == 408


def test_a_defect_is_500_without_its_trace(fakes: Fakes) -> None:
    async def defect(query: object) -> list[Any]:
        raise RuntimeError("secret detail")

    fakes.store.rows = defect  # type: ignore[method-assign]
    app = build(fakes.door())
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 1), raise_server_exceptions=False) as client:
        answer = client.get("/v1/alerts")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
