"""Every file under rules/ read into its model; what does not load is a finding with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from sharedchain import config
from sharedchain.core import lookup, typed
from sharedchain.core.calendar import Calendar
from sharedchain.core.derivation import Derivation
from sharedchain.core.measures import Measure
from sharedchain.core.routes import Routes
from sharedchain.core.rule import Rule
from sharedchain.core.ruleset import Pack
from sharedchain.core.state import Item
from sharedchain.core.table import Table
from sharedchain.core.tables import ReadyTable
from sharedchain.core.tables import prepare as prepare_table
from sharedchain.yamlfile import Document, Step, read

_MODELS: Mapping[str, type[BaseModel]] = {
    "calendar": Calendar,
    "derivation": Derivation,
    "measure": Measure,
    "pack": Pack,
    "route": Routes,
    "rule": Rule,
    "table": Table,
}

_WANTED: Mapping[str, str] = {
    "int_parsing": "no whole number; write one, as 3",
    "decimal_parsing": "no number; write one, as 0.85",
    "finite_number": "no number; write one, as 0.85",
    "recipient": "nobody; write owner, role:<role>, or the path of an employee",
}


@dataclass
class Book:
    """Everything that was read, by kind and id, with its file; and what is wrong with it."""

    root: Path
    models: dict[str, dict[str, tuple[Any, Document]]] = field(default_factory=dict)
    present: dict[str, list[str]] = field(default_factory=dict)  # kind → ids that have a file, loaded or not
    roles: tuple[str, ...] = ()
    findings: list[str] = field(default_factory=list)

    def measures(self) -> dict[str, Measure]:
        return {id_: measure for id_, (measure, _) in self.models["measure"].items()}

    def declared(self) -> dict[str, Table]:
        return {id_: table for id_, (table, _) in self.models["table"].items()}

    def tables(self) -> dict[str, ReadyTable]:
        """Those that compile; what does not is a finding of its own."""
        found = {}
        for id_, (table, _) in self.models["table"].items():
            with suppress(ValueError):
                found[id_] = prepare_table(table)
        return found

    @cached_property
    def looks(self) -> dict[str, lookup.Table]:
        """What `with` may name."""
        return {**{id_: lookup.declared(ready) for id_, ready in self.tables().items()}, **lookup.TABLES}

    def items(self, *kinds: str) -> dict[str, Item]:
        """These as the log would bring them."""
        said = [
            config.item(kind, id_, document.value) for kind in kinds for id_, (_, document) in self.models[kind].items()
        ]
        return {f"{one.kind}/{one.name}": Item(one.hash, one.body) for one in said}

    def rules(self) -> list[tuple[Rule, Document]]:
        return list(self.models["rule"].values())

    def derivations(self) -> list[tuple[Derivation, Document]]:
        return list(self.models["derivation"].values())

    def say(self, document: Document, steps: tuple[Step, ...], text: str, column: int = 0) -> None:
        """`column` counts from the start of the value (1 = its first character), for findings inside it."""
        line, start = document.where(steps)
        found = f"{self._short(document.path)}:{line}:{start + max(column - 1, 0)}: {text}"
        if found not in self.findings:  # two event types of one rule may say the same
            self.findings.append(found)

    def unreadable(self, path: Path, error: yaml.YAMLError) -> None:
        self.findings.append(config.unreadable(self._short(path), error))

    def _short(self, path: Path) -> Path:
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path


def load(root: Path | None = None) -> Book:
    """Read all files into models; what does not load is in `findings`."""
    book = Book(root or config.default_root(), {kind: {} for kind in _MODELS})
    for kind, path in config.files(root):
        book.present.setdefault(kind, []).append(path.stem)
        try:
            document = read(path)
        except yaml.YAMLError as error:
            book.unreadable(path, error)
            continue
        if kind == "dictionary":
            if path.stem == "role":
                book.roles = tuple(term["code"] for term in document.value["terms"])
            continue
        if kind not in _MODELS:  # flows: flowcheck
            continue
        try:
            model = _MODELS[kind].model_validate(document.value)
        except ValidationError as error:
            _invalid(book, document, error, _MODELS[kind])
            continue
        if getattr(model, "id", path.stem) != path.stem:
            book.say(document, ("id",), f"id is not the file's name {path.stem}; make them equal")
        book.models[kind][path.stem] = (model, document)
    return book


def _invalid(book: Book, document: Document, error: ValidationError, model: type[BaseModel]) -> None:
    known = sorted(_keys(model, set()))
    errors = error.errors(include_url=False)
    for one in errors:
        others = [bad for bad in errors if len(bad["loc"]) > len(one["loc"])]
        steps = _steps(document.value, one["loc"])
        text = one["msg"].removeprefix("Value error, ")
        if one["type"] == "value_error" and isinstance(document.value, dict) and not steps:
            for said in text.splitlines():  # each names the key to change
                named = re.search(r"`(\w+)`", said)
                book.say(document, (named[1],) if named else (), said)
            continue
        if one["type"] == "extra_forbidden":
            word = str(one["loc"][-1])
            text = f"unknown key {word}{typed.hint(word, known) or '; take it out'}"
        elif one["type"] == "missing":
            text = f"key {one['loc'][-1]} is missing; add it"
        elif one["type"] == "too_short" and any(bad["loc"][: len(one["loc"])] == one["loc"] for bad in others):
            continue  # its parts are there, and wrong: told already
        else:
            text = _expected(one, text)
        book.say(document, steps, text)


def _expected(one: Any, said: str) -> str:
    """What should stand there, with an example; what pydantic says where we know no better."""
    key = next((step for step in reversed(one["loc"]) if isinstance(step, str)), "")
    wanted = "recipient" if "|role:" in str(one.get("ctx", {}).get("pattern")) else one["type"]
    return f"{key}: {one['input']!r} is {_WANTED[wanted]}" if wanted in _WANTED else said


def _steps(value: Any, loc: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps of an error that stand in the file: what a model calls its forms between them does not."""
    found: list[Step] = []
    for step in loc:
        parts = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(parts, dict) and step in parts:
            found.append(step)
            value = parts[step]
    return tuple(found)


def _keys(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[str]:
    """Every key that may stand somewhere in this model."""
    seen.add(model)
    found = {info.alias or name for name, info in model.model_fields.items()}
    for info in model.model_fields.values():
        for part in _parts(info.annotation):
            if part not in seen:
                found |= _keys(part, seen)
    return found


def _parts(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _parts(inner)
