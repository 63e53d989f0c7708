"""The link in the mail: page, button, double click, spent link, forged link; for a browser and for a program."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from gateway.confirm import event_id
from sharedchain.links import confirm_path, sign
from tests.gateway.fake_door import SECRET, Fakes
from tests.gateway.test_confirm import DATA

BROWSER = {"accept": "text/html,application/xhtml+xml", "accept-language": "en-GB,en;q=0.9"}


def link(version: int = 1, recipient: str = "E002", **changes: str) -> str:
    path = confirm_path("acme", "FC-BR", version, recipient)
    sig = changes.get("sig") or sign(SECRET, "acme", "FC-BR", version, recipient)
    return f"{path}&sig={sig}"


def stands(fakes: Fakes, version: int, **row: Any) -> None:
    live = {"version": version, "owner_id": "E002", "new_total": "54000000.00"}
    data = DATA | {"version": version}
    said = {"live": json.dumps(live), "data": json.dumps(data), "id": "f1", "actor": "", "correlation": "c"}
    fakes.store.answers["AS live"] = [said | {"recorded": "2026-04-20T02:00:00.000Z"} | row]


def test_the_page_shows_each_line_to_be_changed(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 1)
    answer = client.get(link(), headers={"accept": "text/html", "accept-language": "zh-CN,zh;q=0.9"})
    assert answer.status_code == 200
    assert "确认预测" in answer.text
    assert 'name="amount" value="36,000,000.00"' in answer.text
    assert "5400万" in answer.text
    assert "2026-04-20 10:00 +08:00" in answer.text
    assert "<script" not in answer.text
    assert "http" not in answer.text  # nothing is fetched from elsewhere
    assert "form-action 'self'" in answer.headers["content-security-policy"]


def test_the_policy_lets_the_pages_own_style_through(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 1)
    for answer in (client.get(link(), headers=BROWSER), client.get(link(sig="0" * 64), headers=BROWSER)):
        style = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]


def test_the_pages_form_confirms_it(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 1)
    form = {"line_id": ["L1", "L2"], "amount": ["36,000,000.00", "12,000,000"]}
    answer = client.post(link(), data=form, headers=BROWSER)
    assert answer.status_code == 202
    assert "Version 2 was sent" in answer.text
    sent = fakes.publisher.sent[0]
    assert (sent.type.name, sent.envelope.actor, sent.envelope.time) == ("forecast.published", "E002", None)
    assert [str(line["amount"]) for line in sent.data["lines"]] == ["36000000.00", "12000000.00"]


def test_an_empty_post_confirms_unchanged(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 1)
    answer = client.post(link())
    assert answer.status_code == 202
    assert answer.json() == {
        "version": 2,
        "topic": "sales.forecast.v1",
        "partition": 0,
        "offset": 0,
        "id": event_id("acme", "FC-BR", 1),
    }
    assert fakes.publisher.sent[0].data["version"] == 2


def test_a_double_click_sends_one_identity(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 1)
    assert [client.post(link()).status_code for _ in range(2)] == [202, 202]
    first, second = fakes.publisher.sent
    assert (first.envelope, first.data) == (second.envelope, second.data)


def test_a_second_click_with_other_amounts_is_not_told_yes(client: TestClient, fakes: Fakes) -> None:
    """The store does not show the first one yet; ingest would refuse the second as `conflict`."""
    stands(fakes, 1)
    first = client.post(link(), json={"lines": [{"line_id": "L1", "amount": "1.00"}]})
    second = client.post(link(), json={"lines": [{"line_id": "L1", "amount": "2.00"}]})
    assert (first.status_code, second.status_code) == (202, 409)
    assert second.json()["code"] == "confirmed_otherwise"
    assert len(fakes.publisher.sent) == 1


def test_a_confirmation_that_was_not_sent_may_be_another_one(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 1)
    fakes.publisher.down = True
    assert client.post(link(), json={"lines": [{"line_id": "L1", "amount": "1.00"}]}).status_code == 503
    fakes.publisher.down = False
    assert client.post(link(), json={"lines": [{"line_id": "L1", "amount": "2.00"}]}).status_code == 202


def test_a_click_after_it_was_decided_answers_200_and_sends_nothing(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 2, id=event_id("acme", "FC-BR", 1), actor="E002")
    answer = client.post(link())
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert "already confirmed" in client.post(link(), headers=BROWSER).text
    assert fakes.publisher.sent == []


def test_a_spent_link_says_who_refreshed_and_when(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 3, actor="E010", recorded="2026-05-01T02:00:00.000Z")
    answer = client.post(link())
    assert (answer.status_code, answer.json()["code"]) == (409, "version_moved_on")
    assert answer.json()["refreshed_by"] == "E010"
    for answer in (client.get(link(), headers=BROWSER), client.post(link(), headers=BROWSER)):
        assert answer.status_code == 409
        assert "E010 refreshed it to version 3 at 2026-05-01 10:00 +08:00" in answer.text
    assert fakes.publisher.sent == []


@pytest.mark.parametrize(
    "forged",
    [
        link(sig="0" * 64),
        link(sig="x"),
        link().replace("FC-BR", "FC-DE"),
        link().replace("version=1", "version=2"),
        link().replace("recipient=E002", "recipient=E001"),
        link().replace("tenant=acme", "tenant=other"),
        link().partition("&sig=")[0],
    ],
)
def test_a_forged_link_is_403_before_anything_is_read(client: TestClient, fakes: Fakes, forged: str) -> None:
    stands(fakes, 1)
    for answer in (client.get(forged), client.post(forged), client.get(forged, headers=BROWSER)):
        assert answer.status_code == 403
    assert client.get(forged).json()["code"] == "bad_signature"
    assert "This link is not valid" in client.get(forged, headers=BROWSER).text
    assert fakes.store.asked == []
    assert fakes.publisher.sent == []


def test_a_store_that_is_behind_asks_to_come_again(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 1)
    answer = client.get(link(version=2))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_amounts_that_cannot_be_are_refused_by_their_line(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 1)
    answer = client.post(link(), json={"lines": [{"line_id": "L1", "amount": "-1"}]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "lines[0].amount")


def test_text_from_the_log_cannot_become_markup(client: TestClient, fakes: Fakes) -> None:
    stands(fakes, 1)
    hostile = json.loads(fakes.store.answers["AS live"][0]["data"])
    hostile["lines"][0]["line_id"] = '"><script>alert(1)</script>'
    hostile["lines"][1]["rationale"] = "<img src=x onerror=alert(1)>"
    fakes.store.answers["AS live"][0] |= {"data": json.dumps(hostile)}
    answer = client.get(link())
    assert "<script" not in answer.text
    assert "<img" not in answer.text
