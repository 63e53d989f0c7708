"""Do schemas, contract rules and dictionaries fit together? Each finding is a line to act on."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from typing import Any

from sharedchain import foreign
from sharedchain.dictionary import ANY, Dictionary, fold
from sharedchain.errors import Refused
from sharedchain.schemas import Catalog, EventType


def findings(catalog: Catalog, dictionaries: Mapping[str, Dictionary]) -> list[str]:
    """Everything that is wrong with the data files; an empty list = sound."""
    found = [line for kind in catalog.types.values() for line in _of_type(kind, dictionaries)]
    return found + [line for each in dictionaries.values() for line in _of_dictionary(each)]


def _of_type(kind: EventType, dictionaries: Mapping[str, Dictionary]) -> Iterator[str]:
    try:
        foreign.judge(kind.schema_text)
    except Refused as refused:
        yield f"{kind.name}: {refused.text}"
        return
    for rule, path in _paths(kind):
        if not has_field(kind.schema, path):
            yield f"{kind.name}: {rule} names {path}, which is no field of its schema"
    for path, domain in kind.terms.items():
        if domain not in dictionaries:
            yield f"{kind.name}: {path} follows the dictionary {domain}, and there is no dictionary/{domain}.yaml"
    for name in kind.identity:
        # a time may be left out: the headers must then say who the event is
        if name != kind.time and isinstance(field_type(kind.schema, name), list):
            yield f"{kind.name}: identity field {name} may be null; what identifies is required in Avro"


def _paths(kind: EventType) -> Iterator[tuple[str, str]]:
    yield from (("required", path) for path in kind.required)
    yield from (("any_of", path) for group in kind.any_of for path in group)
    yield from (("identity", path) for path in kind.identity)
    yield from (("negative", path) for path in kind.negative)
    yield from (("terms", path) for path in kind.terms)
    for rule in kind.required_if:
        yield "required_if", rule.field
        yield "required_if", rule.field.rpartition("[].")[0] + ("[]." if "[]." in rule.field else "") + rule.when
    named = {"subject": kind.subject, "time": kind.time, "owner_field": kind.owner_field}
    yield from ((rule, path) for rule, path in named.items() if path)
    if kind.parent:
        yield "parent", kind.parent.field
    yield from (("key", name) for _, name, _, _ in string.Formatter().parse(kind.key) if name and name != "tenant")


def has_field(schema: Mapping[str, Any], path: str) -> bool:
    """Whether `name`, or `lines[].name`, is a field of the schema."""
    return field_type(schema, path) is not None


def field_type(schema: Mapping[str, Any], path: str) -> Any:
    """The Avro type at a field path, None if there is none."""
    head, mark, rest = path.partition("[].")
    found = next((f["type"] for f in schema["fields"] if f["name"] == head), None)
    if found is None or not mark:
        return found
    for branch in found if isinstance(found, list) else [found]:
        if isinstance(branch, dict) and branch["type"] == "array":
            return field_type(branch["items"], rest)
    return None


def _of_dictionary(dictionary: Dictionary) -> Iterator[str]:
    meanings: dict[tuple[str, str], str] = {}
    for term in dictionary.terms:
        words = [(ANY, term.code), (ANY, term.label_zh), (ANY, term.label_en)]
        words += [(system, word) for system, synonyms in term.synonyms.items() for word in synonyms]
        for system, word in words:
            other = meanings.setdefault((system, fold(word)), term.code)
            if other != term.code:
                yield f"dictionary {dictionary.domain}: {word!r} means both {other} and {term.code} for {system}"
    codes = [term.code for term in dictionary.terms]
    yield from (
        f"dictionary {dictionary.domain}: code {c} stands twice" for c in sorted(set(codes)) if codes.count(c) > 1
    )
