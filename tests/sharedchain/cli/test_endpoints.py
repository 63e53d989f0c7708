"""Where the parts listen; a secret only by its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from sharedchain.cli import run
from sharedchain.endpoints import ClickHouse, Endpoints, Notify


@pytest.fixture
def home(tmp_path: Path) -> Path:
    house = ClickHouse(url="http://127.0.0.1:1", user="u", password=SecretStr("hush"))
    notify = Notify(smtp="127.0.0.1:2", webhook="http://127.0.0.1:3/im", webhook_secret=SecretStr("hush"))
    Endpoints(
        home=tmp_path,
        kafka="127.0.0.1:4",
        registry="http://127.0.0.1:5",
        clickhouse=house,
        gateway="http://127.0.0.1:6",
        notify=notify,
        link_secret=SecretStr("hush"),
        metrics={"engine-0": "http://127.0.0.1:7"},
    ).save()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "value"),
    [("gateway", "http://127.0.0.1:6"), ("clickhouse.password", "hush"), ("metrics.engine-0", "http://127.0.0.1:7")],
)
def test_one_by_name(home: Path, capsys: pytest.CaptureFixture[str], name: str, value: str) -> None:
    assert run(["endpoints", name, "--home", str(home)]) == 0
    assert capsys.readouterr().out == f"{value}\n"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_all_without_secrets(home: Path, capsys: pytest.CaptureFixture[str], form: list[str]) -> None:
    assert run(["endpoints", "--home", str(home), *form]) == 0
    told = capsys.readouterr().out
    assert "127.0.0.1:4" in told
    assert "hush" not in told


def test_what_is_not_there_is_not_the_word_none(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["endpoints", "clickhouse.cluster", "--home", str(home)]) == 0
    assert capsys.readouterr().out == "\n"
    assert run(["endpoints", "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clickhouse.cluster"] is None
    assert run(["endpoints", "--home", str(home)]) == 0
    told = capsys.readouterr().out
    assert "None" not in told
    assert "()" not in told


def test_an_unknown_name_is_told_the_known(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["endpoints", "kafak", "--home", str(home)]) == 2
    assert "there is home, kafka" in capsys.readouterr().err
