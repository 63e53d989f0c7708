"""`sharedchain rules check | test`, as called."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sharedchain.cli.rules import app
from sharedchain.config import default_root
from sharedchain.errors import ConfigError

RUN = CliRunner()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("rules", "schemas"):
        shutil.copytree(default_root() / folder, tmp_path / folder)
    return tmp_path


def test_check_is_quiet_when_all_is_right() -> None:
    done = RUN.invoke(app, ["check", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["findings"]) == (0, [])


def test_check_exits_1_with_the_place(root: Path) -> None:
    file = root / "rules/sales/R-03.yaml"
    file.write_text(file.read_text().replace("under: 0.85", "undr: 0.85"))
    done = RUN.invoke(app, ["check", "--root", str(root)])
    assert done.exit_code == 1
    assert "rules/sales/R-03.yaml:7:27: unknown key undr; did you mean under?" in done.stdout


@pytest.mark.slow
def test_test_runs_one_rule() -> None:
    done = RUN.invoke(app, ["test", str(default_root() / "rules/sales/R-03.yaml"), "--json"])
    assert done.exit_code == 0
    assert list(json.loads(done.stdout)["rules"]) == ["R-03"]


@pytest.mark.slow
def test_test_exits_1_and_shows_expected_and_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    file = root / "rules/sales/R-03.yaml"
    file.write_text(file.read_text().replace("under: 0.95", "under: 0.88"))
    done = RUN.invoke(app, ["test", "R-03", "--root", str(root)])
    assert done.exit_code == 1
    assert "✗ R-03  yellow then red" in done.stdout
    assert "预期: raised YELLOW, quiet, escalated RED" in done.stdout
    assert "实际: quiet, raised YELLOW, escalated RED" in done.stdout


@pytest.mark.slow
def test_a_rule_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    done = RUN.invoke(app, ["test", "R-77"])
    assert isinstance(done.exception, ConfigError)
    assert "no rule matches R-77" in str(done.exception)
