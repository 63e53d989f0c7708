"""An example that is wrong, and names that exist nowhere: each is told at its line, by `schema check` too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sharedchain.cli.schema import check_schemas
from sharedchain.dialect import files
from sharedchain.dialects import findings
from sharedchain.dictionary import load_dictionaries
from sharedchain.schemas import Catalog
from tests.house.tree import ROOT

CATALOG, WORDS = Catalog.load(), load_dictionaries()
CRM = Path("schemas") / "imports" / "crm.yaml"

MISTAKES = [
    ("id: crm\n", "id: mrc\n", ":3:5: id is not the file's name crm"),
    ("flow: plain}", "flow: plane}", ":7:78: no opportunity flow plane under schemas/flows; did you mean plain?"),
    ("timezone: UTC", "timezone: Mars", "no time zone Mars"),
    ('amount: "4821.00"', 'amount: "4821.01"', "amount becomes '4821.00', the example says '4821.01'"),
    ('amount: "4821.00"', 'amont: "4821.00"', "opportunity.opened has no field amont; did you mean amount?"),
    ("time: \"2017-02-01T", "time: \"2017-02-02T", "opportunity.lost: time is 2017-02-01T00:00:00Z, the example says"),
    ("field: product}]", "field: account}]", "refused for [('unknown_term', 'product')], the example says"),
    ("reason: domain, field: amount}]", "reason: domain, field: amount}]\n  - {part: pipelin, row: {}}", "no part"),
    ("notes: [without account, without date", "notes: [without account", "noted ['without account', 'without date'"),
    ("{type: opportunity.lost, id", "{type: opportunity.lots, id", "the row gives ['opportunity.opened', 'opportuni"),
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Our flows and dialects, to be spoilt."""
    for room in ("flows", "imports"):
        shutil.copytree(ROOT / "schemas" / room, tmp_path / "schemas" / room)
    return tmp_path


@pytest.mark.parametrize(("stands", "spoilt", "said"), MISTAKES)
def test_a_mistake_is_told_where_it_stands(root: Path, stands: str, spoilt: str, said: str) -> None:
    text = (root / CRM).read_text("utf-8")
    assert stands in text
    (root / CRM).write_text(text.replace(stands, spoilt, 1), "utf-8")
    found = findings(root, CATALOG, WORDS)
    assert any(said in line for line in found), found
    assert all(line.startswith(f"{CRM}:") for line in found)


@pytest.mark.parametrize("name", [path.stem for path in files()])
def test_a_part_without_its_example_is_told(root: Path, name: str) -> None:
    path = root / "schemas" / "imports" / f"{name}.yaml"
    path.write_text(path.read_text("utf-8").partition("\nexamples:")[0] + "\n", "utf-8")
    assert any("add one: it is the test of this part" in line for line in findings(root, CATALOG, WORDS))


def test_schema_check_tells_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    (tmp_path / CRM).write_text((tmp_path / CRM).read_text("utf-8").replace("id: crm\n", "id: mrc\n", 1), "utf-8")
    assert check_schemas(tmp_path, None)[0] == [f"{CRM}:3:5: id is not the file's name crm; make them equal"]
