"""The read endpoints over fakes: parameters in, shape out, errors by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.gateway.fake_door import NOW, Fakes
from tests.gateway.test_forecasts import updated

ALERT: dict[str, Any] = {
    "alert_id": "a1",
    "transition": "raised",
    "rule_id": "R-01",
    "rule_version": "v",
    "subject": "FC-BR",
    "severity": "YELLOW",
    "value": "11.0000",
    "value_text": "11 d",
    "threshold": "10.0000",
    "unit": "d",
    "owner": "E002",
    "recipients": ["E002"],
    "title_zh": "预测过期",
    "title_en": "stale",
    "text_zh": "",
    "text_en": "",
    "link": "",
    "explain": '{"when":"age > 10"}',
    "at": "2026-05-01T00:00:00.000Z",
    "opened_at": "2026-05-01T00:00:00.000Z",
}


def driven(fakes: Fakes) -> None:
    body = json.dumps({"timezone": "America/Sao_Paulo", "currency": "USD", "language": "en", "mode": "driven"})
    fakes.store.answers["last_recorded"] = [{"body": body, "last_recorded": "2026-05-01T00:00:00.000Z"}]


def test_alerts_are_listed_with_their_state_and_whose_they_are(client: TestClient, fakes: Fakes) -> None:
    driven(fakes)
    fakes.store.answers["FROM alerts"] = [ALERT, ALERT | {"alert_id": "a2", "transition": "resolved"}]
    said = client.get("/v1/alerts", params={"tenant": "acme"}).json()
    assert said["tenant"] == {"name": "acme", "timezone": "America/Sao_Paulo", "currency": "USD", "language": "en"}
    assert said["as_of"] == "2026-05-01T00:00:00.000Z"  # a driven tenant's own time, not the wall's
    assert [(one["alert_id"], one["state"]) for one in said["items"]] == [("a1", "open"), ("a2", "resolved")]


def test_an_alert_says_who_acknowledged_it(client: TestClient, fakes: Fakes) -> None:
    fakes.store.answers["FROM alerts"] = [ALERT, ALERT | {"alert_id": "a2"}]
    answer = {"by": "E010", "at": "2026-05-01T01:00:00.000Z"}
    fakes.store.answers["alert.acknowledged"] = [{"alert_id": "a2", **answer}]
    said = client.get("/v1/alerts", params={"tenant": "acme"}).json()
    assert [(one["alert_id"], one["acknowledged"]) for one in said["items"]] == [("a1", None), ("a2", answer)]
    (asked,) = [query for query in fakes.store.asked if "alert.acknowledged" in query.sql]
    assert asked.parameters["alerts"] == ["a1", "a2"]


def test_alert_filters_reach_the_query(client: TestClient, fakes: Fakes) -> None:
    asked = {"state": "open", "severity": "RED", "rule": "R-01", "subject": "S", "at": "2026-05-01T08:00:00+08:00"}
    assert client.get("/v1/alerts", params={"tenant": "acme", **asked}).status_code == 200
    parameters = fakes.store.asked[0].parameters
    assert parameters == {
        "tenant": "acme",
        "at_until": "2026-05-01 00:00:00.000",
        "rule_id": "R-01",
        "subject": "S",
        "severity": "RED",
        "limit": 100,
    }
    assert "transition != 'resolved'" in fakes.store.asked[0].sql


def test_one_alert_tells_its_transitions_explanation_and_deliveries(client: TestClient, fakes: Fakes) -> None:
    escalated = ALERT | {"transition": "escalated", "severity": "RED", "explain": "not json"}
    fakes.store.answers = {"FROM alerts": [ALERT, escalated], "FROM notifications": [{"channel": "EMAIL"}]}
    said = client.get("/v1/alerts/a1").json()
    assert (said["state"], said["severity"]) == ("open", "RED")
    assert [one["explain"] for one in said["transitions"]] == [{"when": "age > 10"}, "not json"]
    assert said["deliveries"] == [{"channel": "EMAIL"}]


def test_an_alert_of_nobody_is_404(client: TestClient) -> None:
    answer = client.get("/v1/alerts/a/b%2Fc")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_alert")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/alerts?state=closed", "state"),
        ("/v1/alerts?severity=red", "severity"),
        ("/v1/alerts?at=yesterday", "at"),
        ("/v1/alerts?at=2026-05-01T00:00:00", "at"),
        ("/v1/alerts?limit=0", "limit"),
        ("/v1/alerts?limit=100000", "limit"),
        ("/v1/alerts?tenant=", "tenant"),
        ("/v1/inbox", "recipient"),
        ("/v1/metrics/M-09?dims=region", "dims"),
        ("/v1/metrics/M-09?dims==x", "dims"),
        ("/v1/metrics/M-09?as_known=1", "as_known"),
        ("/v1/forecasts?at=9999999999999999999", "at"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(client: TestClient, fakes: Fakes, path: str, field: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")
    assert answer.json()["errors"][0]["field"] == field
    assert fakes.store.asked == []


def test_the_plus_of_a_zone_may_come_as_a_space(client: TestClient) -> None:
    assert client.get("/v1/alerts?at=2026-05-01T08:00:00+08:00").status_code == 200


def test_a_gauge_is_read_with_its_dims_as_data(client: TestClient, fakes: Fakes) -> None:
    row = {"dims": '{"period":"2026Q2"}', "minute": "2026-05-01T02:00:00.000Z", "value": "172000000.0000"}
    fakes.store.answers = {"FROM metric_minute": [row | {"n": 3, "unit": "CNY", "corrected": False, "recorded": "t"}]}
    said = client.get("/v1/metrics/M-09?dims=period=2026Q2&dims=region=BR").json()
    assert said["items"][0]["dims"] == {"period": "2026Q2"}
    parameters = next(one for one in fakes.store.asked if "metric_minute" in one.sql).parameters
    assert (parameters["dim0"], parameters["value0"], parameters["dim1"]) == ("period", "2026Q2", "region")


def test_a_level_is_computed_from_its_flows(client: TestClient, fakes: Fakes) -> None:
    body = {"id": "M-01.open", "kind": "level", "unit": "leads", "scale": 0}
    body |= {"computed": {"op": "difference", "of": ["M-01", "M-01.closed"]}}
    flow = {"dims": "{}", "minute": "2026-05-01T02:00:00.000Z"}
    rows = [flow | {"metric_id": "M-01", "total": "10.0000"}, flow | {"metric_id": "M-01.closed", "total": "4.0000"}]
    fakes.store.answers = {"'measure'": [{"body": json.dumps(body)}], "AS total": rows}
    said = client.get("/v1/metrics/M-01.open").json()
    assert (said["kind"], said["items"][0]["value"], said["items"][0]["unit"]) == ("level", "6", "leads")


def test_measures_are_listed_as_the_log_declares_them(client: TestClient, fakes: Fakes) -> None:
    rows = [
        {"id": "M-14", "kind": "gauge", "unit": "ratio", "name": {"zh": "覆盖率"}, "dims": [["period"]]},
        {"id": "M-01"},
    ]
    fakes.store.answers = {"'measure'": [{"body": json.dumps(row)} for row in rows]}
    said = client.get("/v1/metrics").json()["items"]
    assert [(one["id"], one["unit"], one["dims"]) for one in said] == [
        ("M-01", "", [[]]),
        ("M-14", "ratio", [["period"]]),
    ]


def test_forecasts_are_listed_as_of_the_moment_asked(client: TestClient, fakes: Fakes) -> None:
    fakes.store.answers["forecast.live.updated"] = [updated(5)]
    said = client.get("/v1/forecasts", params={"at": "2026-04-25T02:00:00Z"}).json()
    assert [(one["forecast_id"], one["age_days"]) for one in said["items"]] == [("FC-BR", 5)]


def test_one_forecast_has_its_history(client: TestClient, fakes: Fakes) -> None:
    live = updated(5)
    row = {"live": live["data"], "data": "{}", "id": "1", "actor": "E002", "recorded": "t"}
    fakes.store.answers = {"AS live": [row], "forecast.live.updated": [live]}
    said = client.get("/v1/forecasts/FC-BR").json()
    assert (said["new_total"], said["history"][0]["by"]) == ("54000000.00", "E002")


def test_a_forecast_of_nobody_is_404(client: TestClient) -> None:
    assert client.get("/v1/forecasts/FC-XX").json()["code"] == "no_such_forecast"


def test_an_unknown_tenant_has_defaults(client: TestClient) -> None:
    said = client.get("/v1/tenants/nobody").json()
    assert (said["timezone"], said["currency"], said["mode"]) == ("Asia/Shanghai", "CNY", "wall")
    assert said["as_of"] == "2026-05-01T01:46:40.000Z"
    assert NOW == 1_777_600_000_000


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/inbox?recipient=E", "/v1/metrics/M-09", "/v1/forecasts"])
def test_a_store_that_is_away_is_503(client: TestClient, fakes: Fakes, path: str) -> None:
    fakes.store.down = True
    answer = client.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_unknown_paths_and_methods_are_problems(client: TestClient) -> None:
    assert client.get("/nothing").json()["code"] == "no_such_path"
    assert client.delete("/v1/alerts").json()["code"] == "no_such_method"
