"""/healthz says the process lives, /readyz who does not answer, /metrics what was counted."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.gateway.fake_door import Fakes


async def answers() -> None:
    return None


async def refuses() -> None:
    raise ConnectionRefusedError("nobody listens\nsecond line")


def test_ready_when_every_peer_answers(client: TestClient, fakes: Fakes) -> None:
    fakes.probes |= {"kafka": answers, "clickhouse": answers}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"program": "gateway", "ready": True, "peers": {"kafka": "ok", "clickhouse": "ok"}, "missing": {}},
    )


def test_one_silent_peer_is_named_and_the_process_still_lives(client: TestClient, fakes: Fakes) -> None:
    fakes.probes |= {"kafka": refuses, "clickhouse": answers}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["peers"] == {"kafka": "nobody listens", "clickhouse": "ok"}
    assert answer.json()["missing"] == {"kafka": "nobody listens"}
    assert client.get("/healthz").status_code == 200


def test_however_many_ask_the_peers_are_asked_once_a_second(client: TestClient, fakes: Fakes) -> None:
    asked: list[int] = []

    async def counts() -> None:
        asked.append(1)

    fakes.probes["kafka"] = counts
    with client:
        assert {client.get("/readyz").status_code for _ in range(5)} == {200}
    assert len(asked) == 1


def test_metrics_count_by_route_template_not_by_path(client: TestClient) -> None:
    client.get("/v1/alerts/some-alert")
    client.get("/random/path")
    text = client.get("/metrics").text
    assert (
        'sharedchain_gateway_requests_total{method="GET",route="/v1/alerts/{alert_id:path}",status="404"} 1.0' in text
    )
    assert 'route="none",status="404"' in text
    assert "some-alert" not in text
