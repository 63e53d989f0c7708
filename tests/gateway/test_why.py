"""Why an alert rang, at the door: the object of the alert with its facts, for programs and for people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from gateway.why import placed, rang
from sharedchain.explanation import lines
from tests.gateway.fake_door import Fakes
from tests.gateway.test_reads import ALERT

WHY = {
    "rule": "R-20",
    "version": 1,
    "timezone": "Asia/Shanghai",
    "conditions": [{"op": "all", "cel": "message.days >= 1", "values": {"message.days": 2}, "truth": True}],
    "sources": [{"partition": 3, "seq": 7}, {"partition": 3, "seq": 9}],
    "clears": {"by": "acknowledgement"},
}
FACT = {
    "partition": 3, "seq": 7, "n": 0, "type": "receivable.overdue", "subject": "AR-1", "id": "e7", "source": "erp",
    "time": "t", "recorded": "r", "src": "finance.receivable.live.v1/0/5",
}  # fmt: skip
RAISED = ALERT | {"partition": 3, "seq": 9}
ROWS = [
    RAISED | {"transition": "raised", "explain": json.dumps(WHY)},
    RAISED | {"transition": "resolved", "explain": json.dumps({"path": ["firing", "resolved"]})},
]


@pytest.fixture
def told(fakes: Fakes) -> None:
    answer = {"alert_id": "a1", "by": "E010", "at": "t"}
    fakes.store.answers = {
        "FROM alerts": ROWS, "'alert.acknowledged'": [answer], "FROM facts WHERE tenant": [FACT],
    }  # fmt: skip


@pytest.mark.usefixtures("told")
def test_the_explanation_is_that_of_the_alert_and_its_facts_say_where_they_were_published(client: TestClient) -> None:
    said = client.get("/v1/alerts/a1/explain").json()
    assert (said["state"], said["transition"], said["alert_id"]) == ("resolved", "raised", "a1")
    first, second = said["explain"].pop("sources")
    assert said["explain"] == {key: value for key, value in WHY.items() if key != "sources"}
    assert first["src"] == "finance.receivable.live.v1/0/5"
    assert second == {"partition": 3, "seq": 9}  # a fact that the store does not hold yet
    assert said["acknowledged"] == {"by": "E010", "at": "t"}
    assert said["ended"] == {"path": ["firing", "resolved"]}


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("path", ["/v1/alerts/a1/explain", "/v1/alerts/a1"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_browser_gets_the_same_lines_as_a_page(client: TestClient, path: str, lang: Any) -> None:
    answer = client.get(path, headers={"accept": "text/html", "accept-language": lang})
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "E010" in answer.text
    for line in lines(placed(WHY, [FACT]), lang):
        assert line.strip().replace(">", "&gt;") in answer.text


def test_a_stranger_s_word_on_the_page_is_text(client: TestClient, fakes: Fakes) -> None:
    bad = WHY | {"conditions": [{"op": "all", "cel": "<script>alert(1)</script>", "truth": True}]}
    fakes.store.answers["FROM alerts"] = [RAISED | {"explain": json.dumps(bad)}]
    assert "<script" not in client.get("/v1/alerts/a1/explain", headers={"accept": "text/html"}).text


def test_an_alert_nobody_knows_is_not_there(client: TestClient) -> None:
    assert client.get("/v1/alerts/none/explain").status_code == 404


def test_an_explanation_that_is_none_stays_as_it_is() -> None:
    assert placed("not json", []) == "not json"
    assert rang([ALERT | {"transition": "resolved"}])["transition"] == "resolved"
