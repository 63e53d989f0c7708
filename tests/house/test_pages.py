"""The generated pages of docs/ are what schemas/, rules/ and the declared metrics say now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.pages import __main__ as generator
from deploy.pages.dictionary import avro_type
from deploy.pages.flowbook import duration
from deploy.pages.table import cell, table
from sharedchain.dictionary import load_dictionaries
from sharedchain.flow import Profile
from sharedchain.flowcheck import load
from sharedchain.schemas import Catalog
from tests.house.tree import ROOT


@pytest.fixture(scope="module")
def pages() -> dict[Path, str]:
    return generator.pages()


def test_no_page_is_stale(pages: dict[Path, str]) -> None:
    assert [str(p.relative_to(ROOT)) for p in generator.stale(pages)] == [], "run `make pages` and commit the pages"


def test_every_field_and_every_rule_stands_there(pages: dict[Path, str]) -> None:
    dictionary, flows, book = list(pages.values())[:3]
    for kind in Catalog.load().types.values():
        section = dictionary.split(f"### {kind.name}\n")[1].split("\n### ")[0]
        assert [f["name"] for f in kind.schema["fields"] if f"| `{f['name']}` |" not in section] == []
        assert [path for path in kind.required if f"| `{path}` |" not in section] == []
    for flow in load(ROOT, load_dictionaries()).values():
        section = flows.split(f"### {flow.id}\n")[1].split("\n### ")[0]
        parts = [s.code for s in flow.stages] if isinstance(flow, Profile) else [n.id for n in flow.nodes]
        assert [part for part in parts if f"| {part} |" not in section] == []
    rules = [path.stem for path in (ROOT / "rules").glob("*/R-*.yaml")]
    assert rules
    assert [rule for rule in rules if f"\n### {rule} " not in book] == []


def test_a_changed_threshold_makes_the_page_stale(tmp_path: Path) -> None:
    for room in ("schemas", "rules", "docs"):
        shutil.copytree(ROOT / room, tmp_path / room)
    rule = tmp_path / "rules" / "sales" / "R-03.yaml"
    rule.write_text(rule.read_text("utf-8").replace("under: 0.95", "under: 0.94"), "utf-8")
    found = generator.stale(generator.pages(tmp_path))
    assert [page.name for page in found] == ["measures-and-rules.md"]  # and no other one is


@pytest.mark.parametrize(("ms", "said"), [(86_400_000, "24h"), (5_400_000, "90m"), (1_000, "1s")])
def test_limits_as_people_say_them(ms: int, said: str) -> None:
    assert duration(ms) == said


def test_cells_say_anything() -> None:
    assert cell("a | b\n c") == "a \\| b c"
    assert table(("x",), []) == []


@pytest.mark.parametrize(
    ("avro", "said"),
    [
        (["null", "string"], "string?"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}, "decimal(18,2)"),
        (["null", {"type": "array", "items": "string"}], "list of string?"),
        ({"type": "map", "values": "long"}, "map of long"),
        ({"type": "long", "logicalType": "timestamp-millis"}, "timestamp (ms)"),
    ],
)
def test_types_as_people_say_them(avro: object, said: str) -> None:
    assert avro_type(avro) == said
