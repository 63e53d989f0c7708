from __future__ import annotations

import json
from pathlib import Path

import pytest

from sharedchain.chain import ChainSync
from sharedchain.cli import run
from sharedchain.endpoints import Endpoints
from sharedchain.kafka import create_topics
from sharedchain.schemas import Catalog

HEADER = "lead_id,customer_industry,demand_type,expected_amount,prospect_name,owner_id,ce_id,ce_time\n"
GOOD = "LEAD-C1,汽车,NEW,48000000.00,新客户,E001,c1,2026-04-02T09:00:00+08:00\n"
ROWS = (
    HEADER
    + GOOD
    + "LEAD-C2,汽车,NEW,,新客户,E001,c2,\n"
    + "LEAD-C3,谈判中,NEW,1,新客户,E001,c3,\n"
    + "LEAD-C4,汽车,NEW,1.005,新客户,,c4,\n"
    + "LEAD-C5,汽车,NEW,1,新客户,E001,c5,yesterday\n"
    + "LEAD-C6,汽车,NEW,6,新客户,E001,c6,\n"
)
REFUSED = {
    (3, "expected_amount", "missing_field"),
    (4, "customer_industry", "unknown_term"),
    (5, "expected_amount", "domain"),
    (5, "owner_id", "missing_field"),
    (6, "ce_time", "bad_header"),
}


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "leads.csv"
    file.write_text("\ufeff" + ROWS, encoding="utf-8")  # as Excel saves it
    return file


def told(out: str) -> set[tuple[int, str, str]]:
    return {(row["row"], row["field"], row["reason"]) for row in json.loads(out)["rows"] if "reason" in row}


def test_check_tells_every_bad_row_by_number_field_and_reason(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", "lead.captured", "-f", str(table), "--check", "--json"]) == 1
    out = capsys.readouterr().out
    assert told(out) == REFUSED
    assert (json.loads(out)["good"], json.loads(out)["refused"]) == (2, 4)


def test_check_of_good_rows_is_exit_0_and_needs_no_chain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text(HEADER + GOOD)
    where = ["--home", str(tmp_path / "nothing here")]
    assert run(["publish", "lead.captured", "-f", str(tmp_path / "a.csv"), "--check", *where]) == 0
    assert capsys.readouterr().out == "1 good, 0 refused\n"


def test_people_are_told_on_stderr_a_line_a_fault(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["publish", "lead.captured", "-f", str(table), "--check"])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(REFUSED)
    assert lines[0].startswith("row 3: expected_amount: missing_field: ")


def test_people_are_told_in_chinese_too(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["publish", "lead.captured", "-f", str(table), "--check", "--lang", "zh"])
    out, err = capsys.readouterr()
    assert out == "2 条可用，4 条拒绝\n"
    assert err.startswith("第 3 行：expected_amount：缺字段 missing_field：")


@pytest.mark.parametrize("name", ["a.txt", "a"])
def test_an_unknown_format_is_bad_input(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    assert run(["publish", "lead.captured", "-f", str(tmp_path / name), "--check"]) == 2


@pytest.mark.stack
def test_good_rows_go_bad_rows_are_told(broker: Endpoints, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_topics(broker, Catalog.load())
    where = ["--home", str(broker.home), "--json", "--source", "crm", "--tenant", "t"]
    with ChainSync(broker) as chain:
        reader = chain.subscribe("sales.lead.v1")
        assert run(["publish", "lead.captured", "-f", str(table), *where]) == 1
        out = capsys.readouterr().out
        seen = {u.envelope.id: u for u in (next(iter(reader)), next(iter(reader)))}
        reader.close()
    assert told(out) == REFUSED
    assert json.loads(out)["published"] == 2
    assert seen.keys() == {"c1", "c6"}
    first = seen["c1"].envelope
    assert (first.source, first.tenant, first.time, seen["c6"].envelope.time) == ("crm", "t", 1_775_091_600_000, None)
    places = {(row["id"], row["partition"], row["offset"]) for row in json.loads(out)["rows"] if "id" in row}
    assert places == {(name, u.partition, u.offset) for name, u in seen.items()}
