"""`sharedchain import --check`: what a folder holds, told before anything goes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from deploy.imports.command import import_
from sharedchain.errors import ConfigError
from tests.house.tree import ROOT

SLICE = ROOT / "tests" / "data" / "crm"
app = typer.Typer()
app.command()(import_)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--tenant", "t", "--check"])


def record(folder: Path) -> dict[str, Any]:
    return dict(json.loads(run("crm", str(folder), "--json").stdout))


def test_every_row_is_counted_and_what_is_missing_by_reason() -> None:
    found = record(SLICE)
    assert (sum(found["rows"].values()), found["rows"]["sales_pipeline.csv"], found["refused"]) == (527, 400, [])
    assert found["events"]["opportunity.opened"] == 400
    lines = [line.split(",") for line in (SLICE / "sales_pipeline.csv").read_text().splitlines()[1:]]
    assert found["notes"]["without account"] == sum(not line[3] for line in lines)
    assert found["notes"]["without date"] == sum(not line[5] for line in lines)


def test_a_row_that_nobody_understands_is_told_and_the_others_go(tmp_path: Path) -> None:
    folder = shutil.copytree(SLICE, tmp_path / "crm")
    with (folder / "sales_pipeline.csv").open("a") as file:
        file.write("X1,Ann,GTZ,,Won,2017-01-01,2017-02-01,5\nX2,Ann,GTX Basic\n")
    found = record(folder)
    told = [(one["reason"], one["field"], one["lines"], one["first"][:18]) for one in found["refused"]]
    assert told == [
        ("unknown_term", "product", [402], "product says 'GTZ'"),
        ("unreadable", "", [403], "it has not as many"),
    ]
    assert found["events"]["opportunity.opened"] == 400
    assert run("crm", str(folder)).exit_code == 1


def test_a_folder_that_is_another_ones_is_told_whole(tmp_path: Path) -> None:
    folder = shutil.copytree(SLICE, tmp_path / "crm")
    (folder / "products.csv").unlink()
    path = folder / "sales_teams.csv"
    path.write_text(path.read_text().replace("manager", "boss", 1))
    error = run("crm", str(folder)).exception
    assert isinstance(error, ConfigError)
    assert [finding.split(": ", 1)[1].split(";")[0] for finding in error.findings] == [
        "not there",
        "no column manager",
        "the dialect does not know column boss",
    ]


@pytest.mark.parametrize("name", ["sap", "no/such.yaml"])
def test_a_dialect_that_nobody_wrote_is_told(name: str) -> None:
    error = run(name, str(SLICE)).exception
    assert isinstance(error, ConfigError)
    assert f"no dialect {name}: there is crm" in str(error)


def test_the_same_row_twice_goes_once_and_another_of_its_id_is_told(tmp_path: Path) -> None:
    folder = shutil.copytree(SLICE, tmp_path / "crm")
    path = folder / "sales_pipeline.csv"
    first = path.read_text().splitlines()[1]
    with path.open("a") as file:
        file.write(first + "\n" + ",".join([*first.split(",")[:-1], "1"]) + "\n")
    (told,) = record(folder)["refused"]
    assert (told["reason"], told["lines"]) == ("conflict", [403])
    assert "stood in line 2 with other content" in told["first"]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en_US.UTF-8", ["1 rows refused", "product (unknown_term)", "without account"]),
        ("zh_CN.UTF-8", ["拒绝 1 行", "product（unknown_term）", "没有客户", "只检查，未发送"]),
    ],
)
def test_the_report_speaks_the_readers_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str, said: list[str]
) -> None:
    monkeypatch.setenv("LANG", lang)
    monkeypatch.delenv("LC_ALL", raising=False)
    folder = shutil.copytree(SLICE, tmp_path / "crm")
    with (folder / "sales_pipeline.csv").open("a") as file:
        file.write("X1,Ann,GTZ,,Won,2017-01-01,2017-02-01,5\n")
    found = run("crm", str(folder))
    assert found.exit_code == 1
    for text in [*said, "sales_pipeline.csv:402"]:
        assert text in found.stdout
    assert "rows/s" not in found.stderr  # no bar where nobody sees it move
