"""`sharedchain rules explain`: asks the gateway, prints the lines of mail and page, or the object itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sharedchain.cli import explain, run
from sharedchain.explanation import lines
from tests.sharedchain.cli.test_read_commands import Gateway
from tests.sharedchain.test_reader import ENDS

WHY = {
    "conditions": [{"op": "all", "cel": "message.days >= 1", "values": {"message.days": 2}, "truth": True}],
    "sources": [{"partition": 3, "seq": 7, "type": "receivable.overdue", "subject": "AR-1", "src": "t/0/5"}],
    "clears": {"by": "acknowledgement"},
}
FOUND = {
    "rule_id": "R-20", "rule_version": 1, "subject": "AR-1", "severity": "RED", "state": "open", "title_en": "late",
    "title_zh": "逾期", "explain": WHY,
}  # fmt: skip


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    ENDS.model_copy(update={"home": tmp_path}).save()
    monkeypatch.setenv("SHAREDCHAIN_HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    answers = Gateway(json.loads(json.dumps(FOUND)))
    monkeypatch.setattr("sharedchain.reader.read", answers)
    return answers


@pytest.mark.parametrize(("lang", "title"), [("zh", "逾期"), ("en", "late")])
def test_the_lines_are_those_of_mail_and_page(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], lang: Any, title: str
) -> None:
    assert run(["rules", "explain", "a/1", "--tenant", "acme", "--lang", lang]) == 0
    assert gateway.asked == [("/v1/alerts/a%2F1/explain", {"tenant": "acme"})]
    assert capsys.readouterr().out.splitlines() == ["R-20 v1 · AR-1 · RED · open", title, *lines(WHY, lang)]


@pytest.mark.usefixtures("gateway")
def test_json_is_the_answer_of_the_door(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "explain", "a1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == FOUND


@pytest.mark.usefixtures("gateway")
def test_minimal_adds_the_facts_that_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {"facts": [{"partition": 3, "seq": 7}], "minimal": True, "folds": 3, "why": ""}
    monkeypatch.setattr(explain, "_minimal", lambda: lambda endpoints, found, tenant: few)
    assert run(["rules", "explain", "a1", "--minimal", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["explain"] == {**WHY, "minimal": few}


@pytest.mark.usefixtures("gateway")
def test_without_a_checkout_the_minimal_set_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(explain, "entry_points", lambda **_: [])
    assert run(["rules", "explain", "a1", "--minimal"]) != 0
    assert "needs a checkout or the image" in capsys.readouterr().err
