"""`sharedchain rules backtest` and `rules diff`, as called, over a file of facts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.backtest import spool
from sharedchain.cli import run
from tests.core.line import Line
from tests.house.tree import ROOT


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A forecast that nobody refreshes for eleven days."""
    line = Line(zone="America/Sao_Paulo")  # not the default: local times are those of the company
    line.begin("2026-04-19 09:00")
    line.tick("2026-04-20 10:00")
    line.forecast("DE", 1, {"": 190})
    for day in range(21, 31):
        line.tick(f"2026-04-{day} 00:00")
    line.tick("2026-05-01 00:00")
    path = tmp_path_factory.mktemp("spool") / "facts"
    spool.write(line.facts, path)
    return str(path)


@pytest.fixture
def sooner(tmp_path: Path) -> str:
    """R-01 at 8 days, in a file of its own."""
    path = tmp_path / "sooner.yaml"
    path.write_text((ROOT / "rules/sales/R-01.yaml").read_text("utf-8").replace("over: 10", "over: 8"), "utf-8")
    return str(path)


def test_a_back_test_says_what_would_have_rung(facts: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "backtest", "R-01", "--facts", facts, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (alarm,) = said["alarms"]
    assert (alarm["opened"], alarm["ended"], alarm["told"]) == ("2026-05-01T03:00:00.000+00:00", None, ["E001"])
    assert [(row["rule"], row["alarms"], row["people"]) for row in said["rules"]] == [("R-01", 1, 1)]


@pytest.mark.parametrize(("lang", "word"), [("zh", "已 11 天未更新"), ("en", "was not refreshed")])
def test_people_read_it_in_their_language(
    lang: str, word: str, facts: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", lang)
    assert run(["rules", "backtest", "R-01", "--facts", facts, "--hindsight"]) == 0
    told = capsys.readouterr().out
    assert word in told
    assert "2026-05-01 00:00" in told


def test_two_versions_that_ring_alike_are_no_difference(facts: str) -> None:
    assert run(["rules", "diff", "live", "R-01", "--facts", facts]) == 0


def test_a_difference_is_exit_code_one(facts: str, sooner: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "diff", "R-01", sooner, "--facts", facts, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [(c["change"], c["subject"], c["by_seconds"]) for c in said["changes"]] == [("earlier", "FC-DE", -172_800)]
    assert said["owners"] == {"E001": {"added": 0, "removed": 0, "earlier": 1, "later": 0, "other": 0}}
    assert run(["rules", "diff", "R-01", sooner, "--facts", facts, "--to", "2026-04-29"]) == 0  # before the first rings


def test_a_misspelt_tenant_is_no_open_gate(facts: str, sooner: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "diff", "R-01", sooner, "--facts", facts, "--tenant", "acmee"]) == 2
    assert "nothing is there of a tenant acmee" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["R-98"], "no rule is there"),
        (["nowhere"], "no rule is there"),
        (["R-01", "--from", "yesterday"], "no day or moment"),
        (["R-01", "--facts", "nowhere"], "no such file"),
    ],
)
def test_what_is_not_there_is_said(arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "backtest", *arguments]) == 2
    assert word in capsys.readouterr().err


def test_a_rule_that_does_not_load_is_refused(facts: str, sooner: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(sooner).read_text("utf-8")
    Path(sooner).write_text(text.replace("bands:", "bnds:"), "utf-8")
    assert run(["rules", "backtest", sooner, "--facts", facts]) == 2
    assert "bnds" in capsys.readouterr().err
