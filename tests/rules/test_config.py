from __future__ import annotations

import json
from pathlib import Path

import pytest

from sharedchain.canonical import dumps
from sharedchain.config import bundle, item
from sharedchain.errors import ConfigError


def test_the_bundle_is_the_same_each_time_and_complete() -> None:
    first, second = bundle(), bundle()
    assert first == second
    assert len({(one.kind, one.name) for one in first}) == len(first)
    assert {one.kind for one in first} == {
        "calendar", "derivation", "dictionary", "flow", "measure", "pack", "route", "rule", "table",
    }  # fmt: skip


def test_bodies_are_canonical_and_exact() -> None:
    for one in bundle():
        assert dumps(json.loads(one.body)) == one.body
    (rule,) = [one for one in bundle() if one.name == "R-03"]
    assert json.loads(rule.body)["bands"][0] == {"severity": "YELLOW", "under": "0.95"}
    assert "on" in json.loads(rule.body)  # YAML 1.1 would read `on` as true


def test_tests_of_a_rule_do_not_change_its_hash() -> None:
    body = {"id": "R-99", "version": 1}
    assert item("rule", "R-99", body) == item("rule", "R-99", body | {"tests": [1, 2]})
    assert item("rule", "R-99", body).hash != item("rule", "R-99", body | {"version": 2}).hash


def test_files_that_are_no_yaml_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "rules/sales").mkdir(parents=True)
    (tmp_path / "rules/sales/R-98.yaml").write_text("id: [")
    (tmp_path / "rules/sales/R-99.yaml").write_text("id: x\nid: y\n")
    with pytest.raises(ConfigError) as caught:
        bundle(tmp_path)
    places = [finding.partition("rules/sales/")[2].partition(": ")[0] for finding in caught.value.findings]
    assert places == ["R-98.yaml:2:1", "R-99.yaml:2:1"]
