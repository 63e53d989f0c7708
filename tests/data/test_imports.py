"""Dialects: each is sound, and each of its examples becomes what it says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from deploy.imports.command import translator_of
from sharedchain.dialect import Example, files
from sharedchain.translate import Translated, Translator, Untold

DIALECTS = {path.stem: translator_of(path.stem) for path in files()}
EXAMPLES = [(name, at) for name, one in DIALECTS.items() for at in range(len(one.dialect.examples))]


def shown(value: Any, kind: str) -> Any:
    """A value as an example writes it."""
    if "timestamp-millis" in kind and isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, Decimal) else value


def beside(translator: Translator, example: Example) -> Translator:
    """The translator with the rows that the example names."""
    parts = translator.dialect.parts
    tables = {name: {str(r[parts[name].id]): r for r in rows} for name, rows in example.beside.items()}
    return Translator(translator.dialect, translator.catalog, translator.dictionaries, translator.excused, tables)


@pytest.mark.parametrize(("name", "at"), EXAMPLES)
def test_an_example_becomes_what_it_says(name: str, at: int) -> None:
    example = DIALECTS[name].dialect.examples[at]
    found = beside(DIALECTS[name], example).translate(example.part, example.row)
    if isinstance(found, Untold):
        assert [(f.reason, f.field) for f in found.faults] == [(r.reason, r.field) for r in example.refused]
        return
    assert isinstance(found, Translated)
    assert not example.refused
    assert found.notes == example.notes
    told = []
    for one, wanted in zip(found.told, example.gives, strict=True):
        kinds = {f["name"]: json.dumps(f["type"]) for f in one.kind.schema["fields"]}
        data = {name: shown(one.data[name], kinds[name]) for name in wanted.data}
        told.append((one.kind.name, one.id, shown(one.time, "timestamp-millis"), data))
    assert told == [(w.type, w.id, w.time, dict(w.data)) for w in example.gives]


def test_each_dialect_is_named_by_its_file_and_has_examples_of_both_kinds() -> None:
    for name, one in DIALECTS.items():
        assert one.dialect.id == name
        assert any(example.refused for example in one.dialect.examples)
        assert any(example.gives for example in one.dialect.examples)


def test_what_a_flow_excuses_is_asked_for_by_the_contract() -> None:
    for one in DIALECTS.values():
        for kind, fields in one.excused.items():
            assert set(fields) <= set(one.catalog.types[kind].required)
