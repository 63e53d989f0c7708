"""`sharedchain trace`: asks the gateway, prints a tree or JSON, and says clearly what nobody knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sharedchain.cli import run
from sharedchain.reader import NotThere
from tests.sharedchain.cli.test_read_commands import Gateway
from tests.sharedchain.test_reader import ENDS
from tests.sharedchain.test_tracepage import traced


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    ENDS.model_copy(update={"home": tmp_path}).save()
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    return tmp_path


def test_the_tree(monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = Gateway(traced("OPP-0001").model_dump(mode="json"))
    monkeypatch.setattr("sharedchain.reader.read", gateway)
    words = ("trace", "OPP/1 x", "--tenant", "dongchen", "--at", "2026-05-05T00:00:00Z")
    assert run([*words, "--home", str(home), "--lang", "zh"]) == 0
    assert gateway.asked == [("/v1/trace/OPP%2F1%20x", {"at": "2026-05-05T00:00:00Z", "tenant": "dongchen"})]
    out = capsys.readouterr().out
    assert "LEAD-0001 → OPP-0001 → CT-2026-0001 → AR-0001" in out
    assert "├ 04-29 14:00 +1天20时     签约 48,000,000.00 CNY" in out


def test_json_is_the_gateways_answer(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = traced("OPP-0003").model_dump(mode="json")
    monkeypatch.setattr("sharedchain.reader.read", Gateway(said))
    assert run(["trace", "OPP-0003", "--json", "--home", str(home)]) == 0
    assert json.loads(capsys.readouterr().out) == said


@pytest.mark.parametrize(
    ("lang", "near", "said"),
    [
        ("zh", ["OPP-0001"], "sharedchain: acme 没有编号 OPP-001，是不是 OPP-0001？\n"),
        ("en", ["A", "B"], "sharedchain: acme knows no id OPP-001: did you mean A, B?\n"),
        ("en", [], "sharedchain: acme knows no id OPP-001 (another company: --tenant)\n"),
    ],
)
def test_an_unknown_id_is_one_line_with_what_looks_alike_and_exit_1(
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    lang: str,
    near: list[str],
    said: str,
) -> None:
    def missing(*_: Any) -> Any:
        raise NotThere("no such id", near)

    monkeypatch.setattr("sharedchain.reader.read", missing)
    assert run(["trace", "OPP-001", "--tenant", "acme", "--home", str(home), "--lang", lang]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", said)
