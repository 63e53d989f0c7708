"""Checks every file under rules/ as a whole: loads, names that exist, types that fit, cases that pass.

Findings are lines «file:line:column: what; how to mend»: all of them at once, in the order of the files.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from sharedchain import config
from sharedchain.core import texts, trial, typed
from sharedchain.core.measures import Measure, ordered
from sharedchain.core.reducers import DAILY, REDUCERS
from sharedchain.core.routes import Routes
from sharedchain.core.rule import OnMeasure, Rule
from sharedchain.core.ruleset import Pack, prepare
from sharedchain.core.state import Forecast
from sharedchain.schemas import Catalog
from sharedchain.yamlfile import Document, Step, read

_MODELS: Mapping[str, type[BaseModel]] = {"measure": Measure, "pack": Pack, "route": Routes, "rule": Rule}
_CONTEXT = (
    "subject",
    "value",
    "threshold",
    "severity",
    "owner",
    "scope",
    "currency",
    "timezone",
    "opened_at",
    "language",
)
_FORECAST = (*(f.name for f in dataclasses.fields(Forecast)), "total")


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

    def rules(self) -> list[tuple[Rule, Document]]:
        return list(self.models["rule"].values())

    def say(self, document: Document, steps: tuple[Step, ...], text: str, column: int = 0) -> None:
        """`column` counts from the start of the value (1 = its first character), for findings inside it."""
        line, start = document.where(steps)
        self.findings.append(f"{self._short(document.path)}:{line}:{start + max(column - 1, 0)}: {text}")

    def unreadable(self, path: Path, error: yaml.YAMLError) -> None:
        self.findings.append(config.unreadable(self._short(path), error))

    def _short(self, path: Path) -> Path:
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path


def check(root: Path | None = None, catalog: Catalog | None = None) -> Book:
    """Read and check all of it; `findings` is empty when everything is right."""
    book = load(root)
    events = catalog or Catalog.load(root)
    for id_, (measure, document) in book.models["measure"].items():
        _measure(book, id_, measure, document, events)
    try:
        if not book.findings:  # with a name missing, the order says nothing new
            ordered(book.measures())
    except ValueError as error:
        book.findings.append(f"rules/measures:1:1: {error}")
    for rule, document in book.rules():
        _rule(book, rule, document, events)
        _trials(book, rule, document)
    for pack, document in book.models["pack"].values():
        for index, rule_id in enumerate(pack.rules):
            if rule_id not in book.present["rule"]:
                hint = typed.hint(rule_id, book.present["rule"])
                book.say(document, ("rules", index), f"no rule {rule_id}{hint or '; add its file or take it out'}")
    return book


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


def outcomes(book: Book, rule: Rule) -> list[trial.Outcome]:
    """Run the cases of one rule that loads."""
    measures = book.measures()
    ready = prepare(rule)
    return [trial.run(ready, case, measures) for case in trial.trials_of(rule.tests)]


def _invalid(book: Book, document: Document, error: ValidationError, model: type[BaseModel]) -> None:
    known = sorted(_keys(model, set()))
    for one in error.errors(include_url=False):
        steps = tuple(step for step in one["loc"] if step not in ("event", "measure") or step != one["loc"][-1])
        text = one["msg"].removeprefix("Value error, ")
        if one["type"] == "extra_forbidden":
            word = str(one["loc"][-1])
            text = f"unknown key {word}{typed.hint(word, known) or '; take it out'}"
        elif one["type"] == "missing":
            text = f"key {one['loc'][-1]} is missing; add it"
        book.say(document, steps, text)


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


def _measure(book: Book, id_: str, measure: Measure, document: Document, events: Catalog) -> None:
    _role(book, document, ("owner",), measure.owner)
    known = (*REDUCERS, *DAILY)
    if measure.reducer and measure.reducer not in known:
        book.say(document, ("reducer",), f"no reducer {measure.reducer}{typed.hint(measure.reducer, known)}")
    for index, name in enumerate(measure.computed.of if measure.computed else ()):
        if name not in REDUCERS and name not in book.models["measure"]:
            hint = typed.hint(name, [*REDUCERS, *book.models["measure"]])
            book.say(document, ("computed", "of", index), f"no measure or reducer {name}{hint}")
    for index, type_ in enumerate(measure.count.events if measure.count else ()):
        if type_ != "*" and type_ not in events.types:
            hint = typed.hint(type_, events.types)
            book.say(document, ("count", "events", index), f"no event type {type_}{hint}")
        elif type_ != "*":
            _flow_fields(book, measure, document, events.types[type_].schema)


def _flow_fields(book: Book, measure: Measure, document: Document, schema: Mapping[str, Any]) -> None:
    assert measure.count is not None
    fields = [part["name"] for part in schema["fields"]]
    for at, names in enumerate(measure.dims):
        for index, name in enumerate(names):
            path = measure.count.paths.get(name, name)
            if path not in fields and path not in ("month", "type"):
                book.say(document, ("dims", at, index), f"{schema['name']} has no {path}{typed.hint(path, fields)}")
    if measure.count.add and measure.count.add not in fields:
        hint = typed.hint(measure.count.add, fields)
        book.say(document, ("count", "add"), f"{schema['name']} has no {measure.count.add}{hint}")


def _rule(book: Book, rule: Rule, document: Document, events: Catalog) -> None:
    for at, recipients in rule.to.items():
        for index, recipient in enumerate(recipients):
            _role(book, document, ("to", at, index), recipient)
    _role(book, document, ("owner",), rule.owner)
    _role(book, document, ("otherwise",), rule.otherwise)
    if rule.goal_measure not in book.models["measure"]:
        hint = typed.hint(rule.goal_measure, book.models["measure"])
        book.say(document, ("goal_measure",), f"no measure {rule.goal_measure}{hint}")
    if not (book.root / rule.runbook).is_file():
        book.say(document, ("runbook",), f"no file {rule.runbook}; write what to do when it rings")
    if isinstance(rule.on, OnMeasure):
        _on_measure(book, rule, rule.on, document)
        return
    for index, type_ in enumerate(rule.on.event):
        if type_ not in events.types:
            book.say(document, ("on", "event", index), f"no event type {type_}{typed.hint(type_, events.types)}")
            continue
        types = typed.of_event(events.types[type_].schema)
        _conditions(book, rule, document, types)
        for key in ("subject", "value", "subject_owner"):
            path = getattr(rule, key)
            if path and path not in types.variables:
                book.say(document, (key,), f"{path} is no field{types.suggest(path)}")
        _texts(book, rule, document, ["message", "meta", *types.variables])


def _on_measure(book: Book, rule: Rule, on: OnMeasure, document: Document) -> None:
    found = book.models["measure"].get(on.measure)
    if found is None:
        hint = typed.hint(on.measure, book.models["measure"])
        book.say(document, ("on", "measure"), f"no measure {on.measure}{hint}")
        return
    measure: Measure = found[0]
    if measure.kind != "gauge":
        book.say(document, ("on", "measure"), f"{on.measure} is a {measure.kind}; rules look at gauges")
    if on.dims not in measure.dims:
        book.say(document, ("on", "dims"), f"{on.measure} is not measured by {list(on.dims)}; it has {measure.dims}")
    if rule.subject not in on.dims:
        book.say(document, ("subject",), f"{rule.subject} is none of the dims {list(on.dims)}")
    _conditions(book, rule, document, typed.of_measure(on.dims))
    names = [f"metric.{name}" for name in ("value", *on.dims)] + [f"m.{id_}" for id_ in book.models["measure"]]
    about = ["forecast", *(f"forecast.{name}" for name in _FORECAST)] if "forecast" in on.dims else []
    _texts(book, rule, document, ["metric", "prev", "prev.value", "m", *names, *about])


def _conditions(book: Book, rule: Rule, document: Document, types: typed.Types) -> None:
    for part in ("all", "any"):
        for index, source in enumerate(getattr(rule.when, part)):
            for finding in typed.check(source, types):
                book.say(document, ("when", part, index), finding.text, finding.column)


def _texts(book: Book, rule: Rule, document: Document, known: list[str]) -> None:
    everything = [*known, *_CONTEXT]
    for language, said in rule.texts.items():
        for key in ("title", "text"):
            steps: tuple[Step, ...] = ("texts", language, key)
            try:
                names = texts.names(getattr(said, key))
            except ValueError as error:
                book.say(document, steps, str(error))
                continue
            for name, _ in names:
                if name not in everything:
                    book.say(document, steps, f"{name} is unknown here{typed.hint(name, everything)}")


def _trials(book: Book, rule: Rule, document: Document) -> None:
    try:
        cases = trial.trials_of(rule.tests)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            book.say(document, ("tests", *one["loc"]), one["msg"])
        return
    if not any(case.fires for case in cases):
        book.say(document, ("tests",), "no case in which it fires; add one")
    if not any(
        not case.fires or "quiet" in case.expect for case in cases if not isinstance(case.expect, trial.Expected)
    ):
        book.say(document, ("tests",), "no case in which it stays quiet; add one")


def _role(book: Book, document: Document, steps: tuple[Step, ...], recipient: str) -> None:
    role = recipient.removeprefix("role:")
    if recipient.startswith("role:") and role not in book.roles:
        book.say(document, steps, f"no role {role} in the dictionary{typed.hint(role, book.roles)}")
