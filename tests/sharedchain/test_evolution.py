"""Our verdicts, each beside that of Apache Avro's own checker."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import avro.schema
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from sharedchain.evolution import breaks

MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}
LINE = {"type": "record", "name": "Line", "fields": [{"name": "x", "type": "string"}]}
OLD: dict[str, Any] = {
    "type": "record",
    "name": "LeadCaptured",
    "namespace": "sharedchain.sales",
    "fields": [
        {"name": "lead_id", "type": "string"},
        {"name": "n", "type": "int"},
        {"name": "owner_id", "type": ["null", "string"], "default": None},
        {"name": "amount", "type": ["null", MONEY], "default": None},
        {"name": "lines", "type": ["null", {"type": "array", "items": LINE}], "default": None},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
    ],
}
Change = Callable[[list[dict[str, Any]]], object]


def changed(change: Change) -> dict[str, Any]:
    new = deepcopy(OLD)
    change(new["fields"])
    return new


def avro_says(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether Apache Avro lets each read what the other wrote."""
    one, other = avro.schema.parse(json.dumps(old)), avro.schema.parse(json.dumps(new))
    ask = ReaderWriterCompatibilityChecker().get_compatibility  # type: ignore[no-untyped-call]
    return all(ask(*pair).compatibility is SchemaCompatibilityType.compatible for pair in ((one, other), (other, one)))


ALLOWED: dict[str, Change] = {
    "nothing": lambda fields: None,
    "a new nullable field": lambda fields: fields.append({"name": "z", "type": ["null", "string"], "default": None}),
    "a field with default gone": lambda fields: fields.pop(2),
    "another order": lambda fields: fields.reverse(),
    "another doc": lambda fields: fields[0].update(doc="线索 / lead"),
    "a default added": lambda fields: fields[1].update(default=0),
    "a new nullable field in the lines": lambda fields: fields[4]["type"][1]["items"]["fields"].append(
        {"name": "y", "type": ["null", "int"], "default": None}
    ),
}
BREAKS: dict[str, tuple[Change, str, str]] = {
    "a new field without default": (lambda f: f.append({"name": "z", "type": "string"}), "z", "no default"),
    "a field without default gone": (lambda f: f.pop(1), "n", "removed"),
    "renamed": (lambda f: f[0].update(name="id"), "lead_id", "removed"),
    "another type": (lambda f: f[0].update(type="int"), "lead_id", "was string and is int"),
    "null gone": (lambda f: f[2].update(type="string", default=""), "owner_id", "was null or string and is string"),
    "null added": (lambda f: f[1].update(type=["int", "null"]), "n", "may be null"),
    "a wider number": (lambda f: f[1].update(type="long"), "n", "was int and is long"),
    "in the lines": (lambda f: f[4]["type"][1]["items"]["fields"][0].update(type="int"), "lines[].x", "was string"),
    "a new field in the lines": (
        lambda f: f[4]["type"][1]["items"]["fields"].append({"name": "y", "type": "int"}),
        "lines[].y",
        "no default",
    ),
    "a symbol more": (lambda f: f[5]["type"].update(symbols=["A", "B", "C"]), "kind", "symbols"),
}
# Avro reads these, and reads them wrong: scale 4 as scale 2, a timestamp as a count
ONLY_OURS: dict[str, tuple[Change, str, str]] = {
    "another scale": (
        lambda f: f[3]["type"][1].update(scale=4),
        "amount",
        "is null or decimal(18,4)",
    ),
    "no money any more": (lambda f: f[3].update(type=["null", "bytes"]), "amount", "decimal(18,2)"),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED.keys())
def test_allowed(change: Change) -> None:
    new = changed(change)
    assert breaks(OLD, new) == []
    assert avro_says(OLD, new)


@pytest.mark.parametrize(("change", "path", "reason"), BREAKS.values(), ids=BREAKS.keys())
def test_breaks_are_named_by_path_reason_and_remedy(change: Change, path: str, reason: str) -> None:
    new = changed(change)
    found = breaks(OLD, new)
    assert found[0].path == path
    assert reason in found[0].reason
    assert found[0].remedy
    assert not avro_says(OLD, new)


@pytest.mark.parametrize(("change", "path", "reason"), ONLY_OURS.values(), ids=ONLY_OURS.keys())
def test_breaks_of_meaning_that_avro_does_not_see(change: Change, path: str, reason: str) -> None:
    (found,) = breaks(OLD, changed(change))
    assert found.path == path
    assert reason in found.reason


def test_a_default_taken_away_breaks_with_the_versions_before_the_field() -> None:
    (found,) = breaks(OLD, changed(lambda fields: fields[2].pop("default")))
    assert found.path == "owner_id"


def test_a_new_name_is_a_new_type() -> None:
    (found,) = breaks(OLD, {**OLD, "name": "LeadCaught"})
    assert "LeadCaught" in found.reason
