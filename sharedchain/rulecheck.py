"""Checks every file under rules/ as a whole: loads, names that exist, types that fit, cases that pass.

Findings are lines «file:line:column: what; how to mend»: all of them at once, in the order of the files.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from sharedchain import config, measurecheck, rulesight
from sharedchain.core import forecast, lookup, texts, trial, typed
from sharedchain.core.measures import Measure, ordered
from sharedchain.core.payload import payload
from sharedchain.core.routes import Routes
from sharedchain.core.rule import Clear, OnClock, OnEvent, OnMeasure, Rule, Stop, When
from sharedchain.core.ruleset import Pack, prepare
from sharedchain.core.state import Forecast
from sharedchain.rulesight import sight
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
    "transition",
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
        found = f"{self._short(document.path)}:{line}:{start + max(column - 1, 0)}: {text}"
        if found not in self.findings:  # two event types of one rule may say the same
            self.findings.append(found)

    def unreadable(self, path: Path, error: yaml.YAMLError) -> None:
        self.findings.append(config.unreadable(self._short(path), error))

    def _short(self, path: Path) -> Path:
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path


def check(root: Path | None = None, catalog: Catalog | None = None) -> Book:
    """Read and check all of it; `findings` is empty when everything is right."""
    book = load(root)
    events = catalog or Catalog.load(root)
    for measure, document in book.models["measure"].values():
        _measure(book, measure, document, events)
    try:
        if not book.findings:  # with a name missing, the order says nothing new
            ordered(book.measures())
    except ValueError as error:
        book.findings.append(f"rules/measures:1:1: {error}")
    for rule, document in book.rules():
        _rule(book, rule, document, events)
        _trials(book, rule, document, events)
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


def outcomes(book: Book, rule: Rule, catalog: Catalog | None = None) -> list[trial.Outcome]:
    """Run the cases of one rule that loads; their payloads are read as our schemas say."""
    events, measures, ready = catalog or Catalog.load(book.root), book.measures(), prepare(rule)
    schemas = {name: kind.schema for name, kind in events.types.items()}
    return [trial.run(ready, case, measures, schemas) for case in trial.trials_of(rule.tests)]


def _invalid(book: Book, document: Document, error: ValidationError, model: type[BaseModel]) -> None:
    known = sorted(_keys(model, set()))
    for one in error.errors(include_url=False):
        steps = tuple(
            step for step in one["loc"] if step not in ("event", "measure", "clock") or step != one["loc"][-1]
        )
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


def _measure(book: Book, measure: Measure, document: Document, events: Catalog) -> None:
    _role(book, document, ("owner",), measure.owner)
    for steps, text in measurecheck.findings(measure, measurecheck.Known(book.measures(), events)):
        book.say(document, steps, text)


def _rule(book: Book, rule: Rule, document: Document, events: Catalog) -> None:
    for severity, recipients in rule.to.items():
        for index, recipient in enumerate(recipients):
            _role(book, document, ("to", severity, index), recipient)
    _role(book, document, ("owner",), rule.owner)
    _role(book, document, ("otherwise",), rule.otherwise)
    if rule.goal_measure not in book.models["measure"]:
        hint = typed.hint(rule.goal_measure, book.models["measure"])
        book.say(document, ("goal_measure",), f"no measure {rule.goal_measure}{hint}")
    if not (book.root / rule.runbook).is_file():
        book.say(document, ("runbook",), f"no file {rule.runbook}; write what to do when it rings")
    match rule.on:
        case OnMeasure() as on:
            _on_measure(book, rule, on, document)
        case OnEvent(event=types):
            _on_events(book, rule, types, ("on", "event"), document, events)
        case OnClock() as at:
            _on_clock(book, rule, at, document, events)


def _on_clock(book: Book, rule: Rule, on: OnClock, document: Document, events: Catalog) -> None:
    """A start event is judged as any event; a stopping one is read by its own paths, or by the rule's."""
    clock, steps = on.clock, ("on", "clock")
    _on_events(book, rule, clock.start, (*steps, "start"), document, events)
    for type_ in clock.start:
        if type_ in events.types:
            types = sight(rule, typed.of_event(events.types[type_].schema), lookup.TABLES, lambda *_: None)
            said = {"from": clock.from_ if clock.from_ != "recorded" else "", "due": clock.due}
            for key, path in said.items():
                _paths(book, document, (*steps, key), [path] if path and types else [], types or typed.Types({}, {}))
    for index, stop in enumerate(clock.stop):
        _ending(book, rule, (*steps, "stop", index), stop, document, events)


def _on_events(
    book: Book, rule: Rule, wanted: Iterable[str], at: tuple[Step, ...], document: Document, events: Catalog
) -> None:
    every = {type_: typed.of_event(events.types[type_].schema) for type_ in wanted if type_ in events.types}
    elsewhere = {path for types in every.values() for path in types.variables}
    for index, type_ in enumerate(wanted):
        if not _event_type(book, document, (*at, index), type_, events):
            continue
        types = sight(rule, every[type_], lookup.TABLES, partial(book.say, document), elsewhere)
        if types is None:
            continue  # its variables are unknown: nothing more can be said of it
        _conditions(book, document, ("if",), rule.if_, types)
        _when(book, document, ("when",), rule.when, types)
        _paths(book, document, ("subject",), rule.subject, types)
        _paths(book, document, ("value",), rule.value, types)
        _paths(book, document, ("unit",), [rule.unit] if "." in rule.unit else [], types)
        for key, path in (("part", rule.part), ("subject_owner", rule.subject_owner)):
            _paths(book, document, (key,), [path] if path else [], types)
        _texts(book, rule, document, ["message", "meta", *types.names, *types.variables])
    for number, clear in enumerate(rule.clear):
        _ending(book, rule, ("clear", number), clear, document, events)


def _event_type(book: Book, document: Document, steps: tuple[Step, ...], type_: str, events: Catalog) -> bool:
    """Whether the type exists and comes by where rules look."""
    kind = events.types.get(type_)
    if kind is None:
        book.say(document, steps, f"no event type {type_}{typed.hint(type_, events.types)}")
        return False
    topic = events.topics[kind.topic]
    if topic.ingest or topic.derived == "ingest" or type_ == "record.rejected" or type_ in forecast.VIEW:
        return True
    seen = f"what ingest accepts, derives or refuses, and at {', '.join(sorted(forecast.VIEW))}"
    book.say(document, steps, f"no rule ever sees {type_}; rules look at {seen}")
    return False


def _ending(
    book: Book, rule: Rule, steps: tuple[Step, ...], end: Clear | Stop, document: Document, events: Catalog
) -> None:
    subject, part = end.subject or rule.subject, end.part or ("" if end.subject else rule.part)
    if len(subject) != len(rule.subject):
        text = f"the rule's subject has {len(rule.subject)} parts, this one {len(subject)}: they never meet"
        book.say(document, (*steps, "subject"), text)
    for index, type_ in enumerate(end.event):
        if _event_type(book, document, (*steps, "event", index), type_, events):
            types = typed.of_event(events.types[type_].schema)
            _when(book, document, (*steps, "when"), end.when, types)
            _paths(book, document, (*steps, "subject"), subject, types)
            _paths(book, document, (*steps, "part"), [part] if part else [], types)


def _paths(book: Book, document: Document, steps: tuple[Step, ...], paths: Iterable[str], types: typed.Types) -> None:
    rulesight.paths(paths, steps, types, partial(book.say, document))


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
    for at, dim in enumerate(rule.subject):
        if dim not in on.dims:
            book.say(document, ("subject", at), f"{dim} is none of the dims {list(on.dims)}")
    types = sight(rule, typed.of_measure(on.dims), lookup.TABLES, partial(book.say, document))
    if types is None:
        return
    _conditions(book, document, ("if",), rule.if_, types)
    _when(book, document, ("when",), rule.when, types)
    _paths(book, document, ("subject_owner",), [rule.subject_owner] if rule.subject_owner else [], types)
    names = [f"metric.{name}" for name in ("value", *on.dims)] + [f"m.{id_}" for id_ in book.models["measure"]]
    about = ["forecast", *(f"forecast.{name}" for name in _FORECAST)] if "forecast" in on.dims else []
    _texts(book, rule, document, ["metric", "prev", "m", *types.names, *types.variables, *names, *about])


def _when(book: Book, document: Document, steps: tuple[Step, ...], when: When, types: typed.Types) -> None:
    _conditions(book, document, (*steps, "all"), when.all, types)
    _conditions(book, document, (*steps, "any"), when.any, types)


def _conditions(
    book: Book, document: Document, steps: tuple[Step, ...], sources: Iterable[str], types: typed.Types
) -> None:
    for index, source in enumerate(sources):
        for finding in typed.check(source, types):
            book.say(document, (*steps, index), finding.text, finding.column)


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


def _trials(book: Book, rule: Rule, document: Document, events: Catalog) -> None:
    try:
        cases = trial.trials_of(rule.tests)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            book.say(document, ("tests", *one["loc"]), one["msg"])
        return
    if not any(case.fires for case in cases):
        book.say(document, ("tests",), "no case in which it fires; add one")
    if not any("quiet" in case.words for case in cases):
        book.say(document, ("tests",), "no case in which it stays quiet; add one")
    if rule.clear and not any("resolved" in case.words for case in cases):
        book.say(document, ("tests",), "no case in which an event clears it; add one")
    for index, case in enumerate(cases):
        _given(book, rule, ("tests", index, "given"), case.given, document, events)


def _given(book: Book, rule: Rule, steps: tuple[Step, ...], given: Any, document: Document, events: Catalog) -> None:
    """The payloads of a case are of their types: a field that no event has proves nothing."""
    if isinstance(given, trial.Values) or isinstance(rule.on, OnMeasure):
        return
    told = enumerate(given.events) if isinstance(given, trial.Events) else [(-1, given)]
    for at, message in told:
        place = (*steps, "events", at) if at >= 0 else steps
        type_ = message.type or ("" if at >= 0 else rule.events[0])
        if type_ not in events.types:
            hint = typed.hint(type_, events.types) if type_ else "; say `type`"
            book.say(document, (*place, "type"), f"no event type {type_}{hint}")
            continue
        try:
            payload(events.types[type_].schema, message.message)
        except ValueError as error:
            book.say(document, (*place, "message"), str(error))


def _role(book: Book, document: Document, steps: tuple[Step, ...], recipient: str) -> None:
    role = recipient.removeprefix("role:")
    if recipient.startswith("role:") and role not in book.roles:
        book.say(document, steps, f"no role {role} in the dictionary{typed.hint(role, book.roles)}")
