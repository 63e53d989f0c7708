"""Mistakes a person makes in a rule file: each is found, with its place and how to mend it."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from sharedchain.config import default_root
from sharedchain.rulecheck import check
from tests.rules.book import CATALOG


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the default pack, with the measures it reaches, and of the dictionaries, to be spoilt."""
    source = default_root()
    shutil.copytree(source / "schemas" / "dictionary", tmp_path / "schemas" / "dictionary")
    for file in (*_reached(source / "rules"), *(source / "rules" / "runbooks").glob("*.md")):
        copy = tmp_path / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return tmp_path


@cache
def _reached(rules: Path) -> tuple[Path, ...]:
    pack = rules / "packs" / "default.yaml"
    found = [pack, rules / "routes.yaml", rules / "measures" / "M-01.yaml"]
    found += [next(rules.glob(f"*/{id_}.yaml")) for id_ in _RULE.findall(pack.read_text())]
    for file in found:  # grows on the way
        named = {rules / "measures" / f"{id_}.yaml" for id_ in _MEASURE.findall(file.read_text())}
        found += sorted(name for name in named if name.exists() and name not in found)
    return tuple(found)


_RULE, _MEASURE = re.compile(r"R-\d\d[a-z]?"), re.compile(r"M-\d\d(?:\.\w+)?")


# file, what stands there, what it is spoilt to, and the finding
MISTAKES = [
    ("sales/R-03.yaml", "under: 0.85", "undr: 0.85", "7:27: unknown key undr; did you mean under?"),
    ("sales/R-03.yaml", "under: 0.85", "under: many", "under: 'many' is no number; write one, as 0.85"),
    ("sales/R-03.yaml", "version: 1", "version: one", "2:10: version: 'one' is no whole number; write one, as 3"),
    ("sales/R-03.yaml", "role:president]", "president]", "'president' is nobody; write owner, role:<role>, or"),
    ("sales/R-03.yaml", "runbook: rules/runbooks/R-03.md", "runbook: ../../etc/passwd", "is outside rules/; put it"),
    ("sales/R-15.yaml", "- {severity: YELLOW}", "- {severity: YELLOW, over: 3}", "is a string; bands need a number"),
    ("sales/R-03.yaml", "{zh: ", "{zh: [", "from line 3; mend the syntax there"),
    ("sales/R-03.yaml", "mode: suggest\n", "", "key mode is missing; add it"),
    ("sales/R-03.yaml", "M-14, dims", "M-41, dims", "4:15: no measure M-41; did you mean M-"),
    ("sales/R-03.yaml", "dims: [period]", "dims: [perod]", "M-14 is not measured by ['perod']"),
    ("sales/R-03.yaml", "{measure: M-14, dims: [period]}", "{measure: M-01, dims: []}", "M-01 is a flow; rules look"),
    ("sales/R-03.yaml", "role:president", "role:presidnet", "presidnet in the dictionary; did you mean president?"),
    ("sales/R-03.yaml", "m['M-13']", "m['M-95']", "m.M-95 is unknown here; did you mean m.M-"),
    ("sales/R-03.yaml", "{{ value|pct }}", "{{ value|permille }}", "mend the template"),
    ("sales/R-03.yaml", "goal_measure: M-14", "goal_measure: M-99", "no measure M-99"),
    ("sales/R-03.yaml", "runbooks/R-03.md", "runbooks/R-3.md", "write what to do when it rings"),
    ("sales/R-03.yaml", "id: R-03", "id: R-04", "id is not the file's name R-03"),
    ("sales/R-03.yaml", "version: 1", "version: 1\nversion: 2", "R-03.yaml:3:1: no YAML: key 'version' stands twice"),
    ("sales/R-15.yaml", "- message.reason ==", "- message.raeson ==", "8:7: message.raeson is no field; did you mean"),
    ("sales/R-15.yaml", '== "missing_field"', "== 3", "8:22: found no matching overload"),
    ("sales/R-15.yaml", "[record.rejected]", "[record.refused]", "no event type record.refused"),
    ("sales/R-15.yaml", "value: message.field", "value: message.feld", "feld is no field; did you mean message.field?"),
    ("sales/R-15.yaml", "expect: quiet", "expect: {alert: raised YELLOW}", "no case in which it stays quiet; add one"),
    ("sales/R-01.yaml", "forecast.version", "forecast.verison", "unknown here; did you mean forecast.version?"),
    ("measures/M-09.yaml", "[M-10, M-11]", "[M-10, M-1l]", "no measure or reducer M-1l"),
    ("measures/M-09.yaml", "[M-10, M-11]", "[M-10, M-12]", "measures in a ring"),
    ("measures/M-10.yaml", "forecast.project_part", "forecast.projct_part", "did you mean forecast.project_part?"),
    ("measures/M-01.yaml", "owner: owner_id", "owner: owner_ids", "has no owner_ids; did you mean owner_id?"),
    ("measures/M-01.yaml", "lead.captured", "lead.capturd", "no event type lead.capturd; did you mean lead.captured?"),
    ("packs/default.yaml", "R-15", "R-95", "no rule R-95; did you mean R-"),
    ("routes.yaml", "[INBOX]", "[INBX]", "routes.yaml:5:"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "stands", "spoilt", "said"), MISTAKES)
def test_a_mistake_is_found_where_it_stands(root: Path, file: str, stands: str, spoilt: str, said: str) -> None:
    path = root / "rules" / file
    text = path.read_text()
    assert stands in text
    path.write_text(text.replace(stands, spoilt))
    found = check(root, CATALOG).findings
    assert any(said in finding for finding in found), found
    assert all(finding.startswith(f"rules/{file}:") for finding in found) or "ring" in said


def test_the_unspoilt_copy_is_right(root: Path) -> None:
    assert check(root, CATALOG).findings == []
