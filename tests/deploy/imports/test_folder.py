"""Files as people really have them: each is read, or told whole with how to mend it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.imports import folder
from deploy.imports.command import translated, translator_of
from deploy.imports.report import Report
from sharedchain.errors import ConfigError
from tests.house.tree import ROOT

CRM = translator_of("crm")
TEAMS = "sales_teams.csv"
HEADER = "sales_agent,manager,regional_office\n"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "tests" / "data" / "crm", tmp_path / "crm")


def written(text: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda path: path.write_bytes(text.encode(encoding))


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILT: list[tuple[Callable[[Path], object], str]] = [
    (written(HEADER + "王芳,李强,华东\n张伟,李强,华北\n", "gb18030"), "line 2 and 1 others are not UTF-8 but gb18030"),
    (written(HEADER + "Ann,Bob,East\n", "utf-16"), "is UTF-16; save it as UTF-8"),
    (written((HEADER + "Ann,Bob,East\n").replace(",", ";")), ":1: cells are separated by ';'"),
    (written((HEADER + "Ann,Bob,East\n").replace(",", "\t")), ":1: cells are separated by '\\t'"),
    (written(""), "is empty; export it again, with its header line"),
    (written("\n \n"), "is empty"),
    (written("sales_agent,manager\nAnn,Bob\n"), ":1: no column regional_office; name it in the dialect as it is here"),
    (written("sales_agnt,manager,regional_office\n"), "does not know column sales_agnt; did you mean sales_agent?"),
    (written("sales_agent,manager,regional_office,\n"), ":1: a column has no name"),
    (written("sales_agent,manager,manager,regional_office\n"), ":1: column manager stands 2 times"),
    (written('"' + HEADER + "Ann,Bob,East\n"), ":1: its header is no CSV"),
    (written('"' + HEADER + "x" * (1 << 24)), ":1: its header is no CSV"),
    (lambda path: path.unlink(), "not there; crm is read from products.csv, accounts.csv"),
    (folder_instead, "not there; crm is read from"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILT)
def test_a_file_that_cannot_be_read_is_told_before_anything_goes(
    export: Path, spoil: Callable[[Path], object], said: str
) -> None:
    spoil(export / TEAMS)
    with pytest.raises(ConfigError) as error:
        folder.check(export, CRM.dialect)
    assert any(said in finding and TEAMS in finding for finding in error.value.findings), error.value.findings


@pytest.mark.parametrize("name", ["nowhere", "crm/products.csv"])
def test_what_is_no_folder_is_told_once(export: Path, name: str) -> None:
    with pytest.raises(ConfigError) as error:
        folder.check(export.parent / name, CRM.dialect)
    assert len(error.value.findings) == 1


def judged(export: Path) -> tuple[Report, list[str]]:
    folder.check(export, CRM.dialect)
    report = Report()
    teams = CRM.dialect.model_copy(update={"parts": {"teams": CRM.dialect.parts["teams"]}})
    return report, [one.id for one in translated(replace(CRM, dialect=teams), export, report)]


def test_a_mark_of_utf_8_quoted_newlines_and_blank_lines_are_read(export: Path) -> None:
    written("\ufeff" + HEADER + '"Ann\nvan Dyk",Bob,"East, Upper"\n\nCid,Bob,West\n')(export / TEAMS)
    report, told = judged(export)
    assert told == [f"crm/teams/{name}/master.employee.upserted" for name in ("Ann\nvan Dyk", "Cid")]
    assert not report.refused


def test_a_row_of_another_encoding_and_one_too_long_are_refused_alone(export: Path) -> None:
    rows = [f"A{number},Bob,East\n".encode() for number in range(20)]
    rows += ["王芳,李强,华东\n".encode("gb18030"), b"Ann," + b"x" * 1_000_000 + b",East\n"]
    (export / TEAMS).write_bytes(HEADER.encode() + b"".join(rows))
    report, told = judged(export)
    assert len(told) == 20
    assert {(kind.reason, kind.field, *report.places[kind]) for kind in report.refused} == {
        ("unreadable", "", 22),
        ("too_large", "manager", 23),
    }


def test_a_quote_that_is_never_closed_is_told(export: Path) -> None:
    written(HEADER + 'Ann,Bob,East\n"Cid,Bob,West\nDan,Bob,West\n')(export / TEAMS)
    report, told = judged(export)
    assert len(told) == 1
    assert "the rows behind it are not read" in "".join(report.texts.values())
