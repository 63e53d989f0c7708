"""The data tests itself: a new event type needs files, no new test."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from sharedchain.dictionary import load_dictionaries
from sharedchain.events import Event
from sharedchain.events.base import wire_name
from sharedchain.schemas import Catalog, class_name, fullname_of
from sharedchain.soundness import field_type, findings

CATALOG = Catalog.load()
KINDS = list(CATALOG.types.values())


def test_everything_is_sound() -> None:
    assert findings(CATALOG, load_dictionaries()) == []


def test_one_rule_names_type_record_and_model() -> None:
    for kind in KINDS:
        domain = kind.fullname.split(".")[1]
        assert kind.fullname == fullname_of(domain, kind.name)
        assert kind.model.__name__ == class_name(kind.name) == kind.schema["name"]
        assert kind.registry_subject == f"{kind.topic}-{kind.fullname}"


def test_the_naming_rule() -> None:
    assert fullname_of("sales", "lead.contact.logged") == "sharedchain.sales.LeadContactLogged"


def test_every_type_and_field_has_a_doc_in_both_languages() -> None:
    assert [kind.name for kind in KINDS if " / " not in kind.schema["doc"]] == []
    fields = [(kind.name, field) for kind in KINDS for field in kind.schema["fields"]]
    assert [f"{name}: {field['name']}" for name, field in fields if " / " not in field.get("doc", "")] == []


def test_models_and_schemas_agree_field_by_field() -> None:
    for kind in KINDS:
        assert issubclass(kind.model, Event)
        assert model_fields(kind.model) == avro_fields(kind.schema), kind.name


def test_what_the_contract_requires_is_nullable_on_the_wire_and_required_in_the_model() -> None:
    for kind, path in [(each, path) for each in KINDS for path in each.required]:
        if CATALOG.topics[kind.topic].ingest and kind.name != "config.defined":
            gap = f"{kind.name}: {path}: a foreign client's gap could not arrive"
            assert "null" in field_type(kind.schema, path), gap
        if "[]." not in path:
            assert kind.model.model_fields[path].is_required(), f"{kind.name}: {path}"


def test_every_model_is_an_event_type() -> None:
    from sharedchain import events

    models = {name for name in events.__all__ if issubclass(getattr(events, name), Event) and name != "Event"}
    assert models == {kind.model.__name__ for kind in KINDS}


def avro_fields(record: Mapping[str, Any]) -> dict[str, str]:
    return {f["name"]: avro_word(f["type"]) for f in record["fields"]}


def avro_word(node: Any) -> str:
    branches = [b for b in (node if isinstance(node, list) else [node]) if b != "null"]
    assert len(branches) == 1, "one type, or that and null"
    match branches[0]:
        case {"logicalType": "decimal", "precision": precision, "scale": scale}:
            return f"decimal({precision},{scale})"
        case {"logicalType": "timestamp-millis"}:
            return "timestamp"
        case {"logicalType": "date"}:
            return "date"
        case {"type": "array", "items": items}:
            return f"list<{avro_word(items)}>"
        case {"type": "map", "values": "string"}:
            return "map"
        case {"type": "record"} as record:
            return f"{record['name']}{avro_fields(record)}"
        case "int" | "long":
            return "int"
        case "string" | "boolean" | "double" as plain:
            return str(plain)
    raise AssertionError(f"a type no model speaks of: {branches[0]}")


def model_fields(model: type[BaseModel]) -> dict[str, str]:
    hints = typing.get_type_hints(model, include_extras=True)
    return {wire_name(name): model_word(hints[name]) for name in model.model_fields}


def model_word(hint: Any) -> str:
    marks: tuple[Any, ...] = ()
    while get_origin(hint) is typing.Annotated:
        hint, *found = get_args(hint)
        marks += tuple(found)
    origin = get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        (inner,) = [a for a in get_args(hint) if a is not type(None)]
        return model_word(inner)
    if origin is tuple:
        return f"list<{model_word(get_args(hint)[0])}>"
    if origin is Literal or hint is str:
        return "string"
    if hint is Decimal:
        (limits,) = [m for m in marks if getattr(m, "metadata", None)]
        said = {k: v for m in limits.metadata for k, v in vars(m).items()} if limits.metadata else {}
        return f"decimal({said['max_digits']},{said['decimal_places']})"
    if hint in (int, bool, float):
        return {int: "int", bool: "boolean", float: "double"}[hint]
    if hint is date:
        return "date"
    if hint is datetime or "AwareDatetime" in str(hint):
        return "timestamp"
    if origin is not None and issubclass(origin, Mapping):
        return "map"
    assert issubclass(hint, BaseModel), hint
    return f"{hint.__name__}{model_fields(hint)}"
