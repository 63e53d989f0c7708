"""Mistakes a person makes in a flow file: each is found, with its place and how to mend it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sharedchain.cli.schema import app
from sharedchain.dictionary import load_dictionaries
from sharedchain.errors import ConfigError
from sharedchain.flowcheck import findings, load
from tests.house.tree import ROOT

WORDS = load_dictionaries()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of our flows to be spoilt."""
    shutil.copytree(ROOT / "schemas" / "flows", tmp_path / "schemas" / "flows")
    return tmp_path


def test_ours_are_sound() -> None:
    assert set(load(ROOT, WORDS)) == {"CA", "NP", "SE", "plain", "standard"}


MISTAKES = [
    ("standard", "code: IN_REVIEW,", "code: IN_REVEIW,", "8:12: no IN_REVEIW in the dictionary opportunity_stage; did"),
    ("standard", "next: [IN_REVIEW]", "next: [IN_REVEIW]", "7:60: no stage IN_REVEIW in this flow; it has FOLLOWING"),
    ("standard", "next: [IN_REVIEW]", "next: [BIDDING]", "8:5: nothing leads to IN_REVIEW from FOLLOWING"),
    ("standard", "next: [BIDDING]", "next: [SIGNED]", "8:54: SIGNED is entered by opportunity.signed alone"),
    ("standard", "approval: CA", "approval: SE", "11:11: SE is no case template with outcome approval; there is CA"),
    ("standard", "share: 1", "share: 0.9", "13:16: the shares add up to 0.9"),
    ("standard", "AR-{n:04d}", "AR-{no}", "12:54: 'AR-{no}' is no pattern"),
    ("standard", "gate: [bid", "gates: [bid", "9:28: unknown key gates; did you mean gate?"),
    ("standard", "signed_from: [BIDDING]\n", "", "key signed_from is missing; add it"),
    ("standard", "kind: opportunity", "kind: opportunities", "3:7: a flow is of kind opportunity or case"),
    ("standard", "id: standard", "id: default", "1:5: id is not the file's name standard"),
    ("standard", "version: 1", "version: 1\nversion: 2", "3:1: no YAML: key 'version' stands twice"),
    ("CA", "role: legal_counsel", "role: legal_council", "no legal_council in the dictionary role; did you mean"),
    ("CA", "legal_counsel, accountable: sales_director", "legal_counsel, accountable: boss", "7:87: no boss in"),
    ("CA", "id: finance", "id: legal", "8:5: node legal stands twice"),
    ("CA", "limit: 24h}\n  -", "limit: 24h, after: [finance]}\n  -", None),
    ("CA", "limit: 24h}\n  -", "limit: 24h, after: [legal]}\n  -", "legal can never start"),
    ("CA", "limit: 24h}\n  -", "limit: 24h, after: [lawyer]}\n  -", "no node lawyer in this flow; it has legal"),
    ("CA", "limit: 24h}\n  -", "limit: a day}\n  -", "is no duration"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "stands", "spoilt", "said"), MISTAKES)
def test_a_mistake_is_found_where_it_stands(root: Path, name: str, stands: str, spoilt: str, said: str | None) -> None:
    path = root / "schemas" / "flows" / f"{name}.yaml"
    text = path.read_text("utf-8")
    assert stands in text
    path.write_text(text.replace(stands, spoilt), "utf-8")
    found = findings(root, WORDS)
    if said is None:
        assert found == []
        return
    assert any(said in finding for finding in found), found
    assert any(finding.startswith(f"schemas/flows/{name}.yaml:") for finding in found)
    with pytest.raises(ConfigError, match=r"schemas/flows"):
        load(root, WORDS)


def test_schema_check_checks_them(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    arguments = ["check", "--root", str(tmp_path), "--against", str(ROOT)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    path = tmp_path / "schemas" / "flows" / "CA.yaml"
    path.write_text(path.read_text("utf-8").replace("role: legal_counsel", "role: nobody"), "utf-8")
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 1
    assert "schemas/flows/CA.yaml:7:" in told.output
