"""`sharedchain dlq`: what it says, in both languages, and what it keeps to itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from sharedchain import deadletter
from sharedchain.cli import dlq
from sharedchain.deadletter import DeadLetter
from sharedchain.endpoints import Endpoints
from sharedchain.schemas import Catalog

CATALOG = Catalog.load()
LETTER = DeadLetter(
    position="master.employee.v1/0/7",
    topic="master.employee.v1",
    tenant="t",
    reason="bad_frame",
    field="",
    text="no frame",
    source="hr",
    type="",
    id="",
    subject="E-1",
    owner="",
    recorded=1_777_000_000_000,
    refusal="chain.facts.v1/1/2",
    key=b"\xff",
    headers=(("ce_source", b"hr"), ("none", None)),
    value=b"secret name",
)


@pytest.fixture(autouse=True)
def one_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadletter, "read_all", lambda *_: [LETTER])
    monkeypatch.setattr(Endpoints, "load", lambda *_: Endpoints.model_construct(registry="http://127.0.0.1:9"))


def ask(*words: str, lang: str = "en_US.UTF-8") -> str:
    result = CliRunner().invoke(dlq.app, list(words), env={"LANG": lang, "LC_ALL": lang, "COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list_names_place_reason_and_what_is_wrong() -> None:
    told = ask("list")
    assert all(
        word in told for word in ("master.employee.v1/0/7", "bad_frame", "E-1", "2026-04-24 11:06", "\n  no frame\n")
    )
    assert max(map(len, told.splitlines())) <= 80
    assert "死信" in ask("list", lang="zh_CN.UTF-8")


@pytest.mark.parametrize("lang", ["zh_CN.UTF-8", "en_US.UTF-8"])
def test_list_fits_80_columns_whatever_was_refused(monkeypatch: pytest.MonkeyPatch, lang: str) -> None:
    long = replace(
        LETTER, position="sales.opportunity.v1.x/11/123456789", reason="undeclared_type", text="阶段不允许 " * 30
    )
    monkeypatch.setattr(deadletter, "read_all", lambda *_: [LETTER, long])
    told = ask("list", lang=lang)
    assert max(map(cell_len, told.splitlines())) <= 80
    assert "sales.opportunity.v1.x/11/123456789" in told


@pytest.mark.parametrize("option", [("--reason", "tombstone"), ("--tenant", "other")])
def test_list_leaves_out_what_was_not_asked_for(option: tuple[str, str]) -> None:
    assert "No dead letters" in ask("list", *option)
    assert ask("list", *option, "--json") == "[]\n"


def test_show_hides_personal_bytes_until_asked() -> None:
    assert "secret" not in ask("show", LETTER.position)
    assert "secret name" in ask("show", LETTER.position, "--reveal")
    assert "key: 0xff" in ask("show", LETTER.position)


def test_show_of_nothing_says_where_to_look() -> None:
    result = CliRunner().invoke(dlq.app, ["show", "master.employee.v1/0/8"])
    assert "sharedchain dlq list" in str(result.exception)


@pytest.mark.parametrize(
    ("kind", "data", "seen"),
    [
        (
            "master.employee.upserted",
            {
                "employee_id": "E",
                "name": "Li",
                "role": "sales",
                "valid_from": date(2026, 1, 1),
                "channels": {"im": "x"},
            },
            {
                "employee_id": "E",
                "name": "***",
                "role": "sales",
                "valid_from": date(2026, 1, 1),
                "channels": {"im": "***"},
            },
        ),
        (
            "lead.captured",
            {"lead_id": "L", "expected_amount": Decimal(1)},
            {"lead_id": "L", "expected_amount": Decimal(1)},
        ),
    ],
)
def test_masking_follows_the_topics_sensitivity(kind: str, data: dict[str, Any], seen: dict[str, Any]) -> None:
    own = CATALOG.types[kind]
    assert dlq.masked(own, CATALOG.topics[own.topic], data) == seen


def test_a_hexdump_is_short_and_shows_text() -> None:
    lines = dlq.hexdump(b"abc\0" * 100)
    assert lines[0].endswith("abc.abc.abc.abc.")
    assert (len(lines), lines[-1]) == (17, "…")
