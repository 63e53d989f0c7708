"""`sharedchain ack`: only an alert that is there is answered for, once; it may be named as the listing shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sharedchain.cli import ack, run
from sharedchain.errors import ConnectionFailed
from sharedchain.reader import NotThere
from tests.sharedchain.test_reader import ENDS

ITEMS = [
    {"alert_id": "new", "state": "resolved"},
    {"alert_id": "old", "state": "open"},
]


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ENDS.model_copy(update={"home": tmp_path}).save()
    monkeypatch.setenv("SHAREDCHAIN_HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    sent: list[str] = []

    def send(alert: str, *_: object) -> str:
        sent.append(alert)
        return "e1"

    monkeypatch.setattr(ack, "_send", send)
    return sent


def knows(monkeypatch: pytest.MonkeyPatch, answer: Any, items: list[dict[str, str]] = ITEMS) -> None:
    def read(_: object, path: str, __: Mapping[str, Any]) -> Any:
        if path == "/v1/alerts":
            return {"items": items}
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("sharedchain.reader.read", read)


def test_an_alert_that_is_not_there_is_refused(
    sent: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    knows(monkeypatch, NotThere("GET /v1/alerts lists them", []))
    assert run(["ack", "a9", "--by", "E001", "--tenant", "acme"]) == 2
    assert "acme has no alert a9; all of them: sharedchain alerts --tenant acme" in capsys.readouterr().err
    assert sent == []


def test_rule_and_subject_name_the_open_one(
    sent: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    knows(monkeypatch, {"acknowledged": None})
    assert run(["ack", "R-20/AR-1", "--by", "E001", "--tenant", "acme", "--lang", "zh"]) == 0
    assert sent == ["old"]
    assert capsys.readouterr().out == "E001 已确认告警 old。看结果：sharedchain alerts --open --tenant acme\n"


@pytest.mark.parametrize(
    ("items", "said"),
    [([], "default has no alert R-20/AR-1"), (ITEMS[1:] * 2, "R-20/AR-1 has 2 open alerts; name one by its id: old,")],
)
def test_rule_and_subject_of_none_or_several_are_refused(
    items: list[dict[str, str]],
    said: str,
    sent: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    knows(monkeypatch, {"acknowledged": None}, items)
    assert run(["ack", "R-20/AR-1", "--by", "E001"]) == 2
    assert said in capsys.readouterr().err
    assert sent == []


def test_a_second_answer_says_who_was_first(
    sent: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    knows(monkeypatch, {"acknowledged": {"by": "E007", "at": "2026-05-02T02:00:00.000Z"}})
    assert run(["ack", "old", "--by", "E001", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"alert": "old", "by": "E007"}
    assert sent == []


def test_the_store_may_be_down(sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    knows(monkeypatch, ConnectionFailed("down"))
    assert run(["ack", "old", "--by", "E001"]) == 0
    assert sent == ["old"]
