"""The dialects that come with us, each ready to translate; and what is wrong with any of them.

Findings are lines «file:line:column: what; how to mend». An example that does not become what it says is one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sharedchain import flowcheck
from sharedchain.dialect import Dialect, Example, Expected, Steps, files, load, meant
from sharedchain.dictionary import Dictionary
from sharedchain.errors import ConfigError
from sharedchain.flow import Profile, Template
from sharedchain.schemas import Catalog, EventType
from sharedchain.translate import Told, Translator, Untold
from sharedchain.yamlfile import Document, read

Flows = Mapping[str, Profile | Template]


def translator(path: Path, catalog: Catalog, dictionaries: Mapping[str, Dictionary], flows: Flows) -> Translator:
    """The translator of one dialect. Raises ConfigError with every finding."""
    dialect = load(path, catalog)
    flow = flows.get(dialect.tenant.flow)
    if not isinstance(flow, Profile):
        known = [name for name, one in flows.items() if isinstance(one, Profile)]
        told = f"no opportunity flow {dialect.tenant.flow} under schemas/flows; {meant(dialect.tenant.flow, known)}"
        raise ConfigError([_at(read(path), ("tenant", "flow"), told)])
    return Translator(dialect, catalog, dictionaries, flow.excused)


def ours(
    catalog: Catalog, dictionaries: Mapping[str, Dictionary], flows: Flows, root: Path | None = None
) -> dict[str, Translator]:
    """Every dialect under schemas/imports by its name. Raises ConfigError."""
    return {path.stem: translator(path, catalog, dictionaries, flows) for path in files(root)}


def findings(root: Path, catalog: Catalog, dictionaries: Mapping[str, Dictionary]) -> list[str]:
    """Everything that is wrong with the dialects under `root`; an empty list = sound, and every example holds."""
    try:
        flows = flowcheck.load(root, dictionaries)
    except ConfigError:
        return []  # the flows come first: their findings are told where they are checked
    found: list[str] = []
    for path in files(root):
        try:
            one = translator(path, catalog, dictionaries, flows)
        except ConfigError as error:
            found += error.findings
            continue
        document = read(path)
        found += [_at(document, steps, text) for steps, text in _faults(one, path.stem)]
    return [line.removeprefix(f"{root}/") for line in found]


def _at(document: Document, steps: Steps, text: str) -> str:
    line, column = document.where(steps)
    return f"{document.path}:{line}:{column}: {text}"


def _faults(one: Translator, name: str) -> Iterator[tuple[Steps, str]]:
    dialect = one.dialect
    if dialect.id != name:
        yield ("id",), f"id is not the file's name {name}; make them equal"
        return  # every event would be named otherwise
    try:
        ZoneInfo(dialect.tenant.timezone)
    except (KeyError, ValueError, OSError):  # unknown; hostile; the name of a folder of zones
        yield ("tenant", "timezone"), f"no time zone {dialect.tenant.timezone}; use an IANA name such as Asia/Shanghai"
        return  # days cannot be read without it
    for part in dialect.parts:
        if not any(example.part == part and example.gives for example in dialect.examples):
            yield ("parts", part), f"no example of {part} gives an event; add one: it is the test of this part"
    for note in _notes(dialect):
        if note not in dialect.zh:
            yield ("zh",), f"the note {note!r} is not said in Chinese; add it under zh"
    if not any(example.refused for example in dialect.examples):
        yield ("examples",), "no example is refused; add one that shows what is not taken"
    for at, example in enumerate(dialect.examples):
        yield from ((("examples", at, *steps), text) for steps, text in _unlike(one, example))


def _notes(dialect: Dialect) -> Iterator[str]:
    for part in dialect.parts.values():
        yield from (column.blank for column in part.columns.values() if column.blank)
        sources = [source for tells in part.tells for many in tells.set.values() for source in many]
        yield from (source.note for source in sources if source.note)


def _unlike(one: Translator, example: Example) -> Iterator[tuple[Steps, str]]:
    """Where an example does not become what it says."""
    parts = one.dialect.parts
    for name in (example.part, *example.beside):
        if name not in parts:
            yield ("part",), f"no part {name} in this dialect; {meant(name, parts)}"
            return
    tables = {name: {str(row[parts[name].id]): row for row in rows} for name, rows in example.beside.items()}
    found = replace(one, tables=tables).translate(example.part, example.row)
    refused = [(fault.reason, fault.field) for fault in found.faults] if isinstance(found, Untold) else []
    if refused != (wanted := [(one.reason, one.field) for one in example.refused]):
        why = "; ".join(fault.text for fault in found.faults) if isinstance(found, Untold) else "nothing"
        yield ("refused",), f"refused for {refused or 'nothing'}, the example says {wanted or 'nothing'}: {why}"
    if isinstance(found, Untold):
        return
    if found.notes != example.notes:
        yield ("notes",), f"noted {list(found.notes)}, the example says {list(example.notes)}"
    types = [told.kind.name for told in found.told]
    if types != [wanted.type for wanted in example.gives]:
        yield ("gives",), f"the row gives {types}, the example says {[wanted.type for wanted in example.gives]}"
        return
    for at, (told, given) in enumerate(zip(found.told, example.gives, strict=True)):
        yield from ((("gives", at, *steps), text) for steps, text in _other(told, given))


def _other(told: Told, wanted: Expected) -> Iterator[tuple[Steps, str]]:
    said = {"id": told.id, "time": _shown(told.time, "timestamp-millis")}
    for name, value in (("id", wanted.id), ("time", wanted.time)):
        if said[name] != value:
            yield (name,), f"{told.kind.name}: {name} is {said[name]}, the example says {value}"
    kinds = _kinds(told.kind)
    for name, value in wanted.data.items():
        if name not in kinds:
            yield ("data", name), f"{told.kind.name} has no field {name}; {meant(name, kinds)}"
        elif (given := _shown(told.data[name], kinds[name])) != value:
            yield ("data", name), f"{told.kind.name}: {name} becomes {given!r}, the example says {value!r}"


def _kinds(kind: EventType) -> dict[str, str]:
    return {field["name"]: json.dumps(field["type"]) for field in kind.schema["fields"]}


def _shown(value: Any, kind: str) -> Any:
    """A value as an example writes it."""
    if "timestamp-millis" in kind and isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, Decimal) else value
