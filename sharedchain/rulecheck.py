"""Checks every file under rules/ as a whole: loads, names that exist, types that fit, cases that pass.

Findings are lines «file:line:column: what; how to mend»: all of them at once, in the order of the files.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sharedchain import actioncheck, derivationcheck, measurecheck, rulesight, tablecheck
from sharedchain.core import forecast, texts, trial, typed, versions
from sharedchain.core.measures import Measure, ordered
from sharedchain.core.payload import payload
from sharedchain.core.rule import Clear, OnClock, OnEvent, OnMeasure, Rule, Stop, When
from sharedchain.core.ruleset import prepare
from sharedchain.core.state import Forecast
from sharedchain.core.table import Table
from sharedchain.rulefiles import Book, load
from sharedchain.rulesight import sight
from sharedchain.schemas import Catalog
from sharedchain.yamlfile import Document, Step

__all__ = ["Book", "check", "load", "outcomes"]
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
_NO_NUMBER = ("string", "bool", "bytes")
_FORECAST = (*(f.name for f in dataclasses.fields(Forecast)), "total")


def check(root: Path | None = None, catalog: Catalog | None = None) -> Book:
    """Read and check all of it; `findings` is empty when everything is right."""
    book = load(root)
    events = catalog or Catalog.load(root)
    for measure, document in book.models["measure"].values():
        _measure(book, measure, document, events)
    for declared, document in book.models["table"].values():
        _table(book, declared, document, events)
    try:
        if not book.findings:  # with a name missing, the order says nothing new
            ordered(book.measures())
    except ValueError as error:
        book.findings.append(f"rules/measures:1:1: {error}")
    for rule, document in book.rules():
        _rule(book, rule, document, events)
        _trials(book, rule, document, events)
    for derivation, document in book.models["derivation"].values():
        derivationcheck.check(book, derivation, document, events)
    derivationcheck.chain(book)
    for calendar, document in book.models["calendar"].values():
        if calendar.extends and calendar.extends not in book.present["calendar"]:
            hint = typed.hint(calendar.extends, book.present["calendar"])
            book.say(document, ("extends",), f"no calendar {calendar.extends}{hint or '; add its file'}")
    for pack, document in book.models["pack"].values():
        for kind, ids in (("rule", pack.rules), ("derivation", pack.derivations)):
            there = book.present.get(kind, [])
            for index, id_ in enumerate(ids):
                if id_ not in there:
                    hint = typed.hint(id_, there) or "; add its file or take it out"
                    book.say(document, (f"{kind}s", index), f"no {kind} {id_}{hint}")
    return book


def outcomes(book: Book, rule: Rule, events: Catalog) -> list[trial.Outcome]:
    """Run the cases of one rule that loads; their payloads are read as our schemas say."""
    measures, ready = book.measures(), prepare(rule)
    schemas = {name: kind.schema for name, kind in events.types.items()}
    data = book.items("calendar", "table")
    return [trial.run(ready, case, measures, schemas, data) for case in trial.trials_of(rule.tests)]


def _measure(book: Book, measure: Measure, document: Document, events: Catalog) -> None:
    _role(book, document, ("owner",), measure.owner)
    for steps, text in measurecheck.findings(measure, measurecheck.Known(book.measures(), events, book.declared())):
        book.say(document, steps, text)


def _table(book: Book, table: Table, document: Document, events: Catalog) -> None:
    _role(book, document, ("owner",), table.owner)
    seen = [_fed(book, document, type_, events) for type_ in table.from_ if type_ != "*"]
    if all(seen):
        for steps, text, column in tablecheck.findings(table, events, book.looks):
            book.say(document, steps, text, column)


def _fed(book: Book, document: Document, type_: str, events: Catalog) -> bool:
    """Whether a table may be fed by the type: by what the engine derives, too."""
    kind = events.types.get(type_)
    known = kind is not None and derivationcheck.seen(kind, events)
    return known or _event_type(book, document, ("from", type_), type_, events)


def _rule(book: Book, rule: Rule, document: Document, events: Catalog) -> None:
    for severity, recipients in rule.to.items():
        for index, recipient in enumerate(recipients):
            _role(book, document, ("to", severity, index), recipient)
    _role(book, document, ("owner",), rule.owner)
    _role(book, document, ("otherwise",), rule.otherwise)
    if rule.goal_measure not in book.models["measure"]:
        hint = typed.hint(rule.goal_measure, book.models["measure"])
        book.say(document, ("goal_measure",), f"no measure {rule.goal_measure}{hint}")
    if ".." in Path(rule.runbook).parts or not rule.runbook.startswith("rules/"):
        book.say(document, ("runbook",), f"{rule.runbook} is outside rules/; put it into rules/runbooks")
    elif not (book.root / rule.runbook).is_file():
        book.say(document, ("runbook",), f"no file {rule.runbook}; write what to do when it rings")
    actioncheck.types(rule, events, partial(book.say, document))
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
            types = sight(rule, typed.of_event(events.types[type_].schema), book.looks, lambda *_: None)
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
        types = sight(rule, every[type_], book.looks, partial(book.say, document), elsewhere)
        if types is None:
            continue  # its variables are unknown: nothing more can be said of it
        _conditions(book, document, ("if",), rule.if_, types)
        _when(book, document, ("when",), rule.when, types)
        _paths(book, document, ("subject",), rule.subject, types)
        _paths(book, document, ("value",), rule.value, types)
        _number(book, document, rule, types)
        _paths(book, document, ("unit",), [rule.unit] if "." in rule.unit else [], types)
        for key, path in (("part", rule.part), ("subject_owner", rule.subject_owner)):
            _paths(book, document, (key,), [path] if path else [], types)
        _named(book, document, rule, types)
        _paths(book, document, ("scope",), [path for path in rule.scope if "." in path], types)
        actioncheck.values(rule, types, partial(book.say, document))
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
    if (
        topic.ingest
        or topic.derived == "ingest"
        or type_ == "record.rejected"
        or type_ in (*forecast.VIEW, versions.CHANGED)
    ):
        return True
    seen = f"what ingest accepts, derives or refuses, and at {', '.join(sorted({*forecast.VIEW, versions.CHANGED}))}"
    book.say(document, steps, f"no rule ever sees {type_}; rules look at {seen}")
    return False


def _ending(
    book: Book, rule: Rule, steps: tuple[Step, ...], end: Clear | Stop, document: Document, events: Catalog
) -> None:
    subject, part = end.subject or rule.subject, end.part or ("" if end.subject else rule.part)
    fits = 0 < len(subject) <= len(rule.subject) if isinstance(end, Stop) else len(subject) == len(rule.subject)
    if not fits:
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


def _number(book: Book, document: Document, rule: Rule, types: typed.Types) -> None:
    """Thresholds need a number: beside a text no band would ever hold, and the rule would never ring."""
    if not rule.value or isinstance(rule.on, OnClock) or all(band.threshold is None for band in rule.bands):
        return
    kind = types.variables.get(rule.value[0])
    if kind is not None and kind.name().lower().removesuffix("_wrapper") in _NO_NUMBER:
        text = f"{rule.value[0]} is a {kind.name().lower().removesuffix('_wrapper')}; bands need a number"
        book.say(document, ("value", 0), text)


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
    types = sight(rule, typed.of_measure(on.dims), book.looks, partial(book.say, document))
    if types is None:
        return
    _conditions(book, document, ("if",), rule.if_, types)
    _when(book, document, ("when",), rule.when, types)
    _paths(book, document, ("subject_owner",), [rule.subject_owner] if rule.subject_owner else [], types)
    _named(book, document, rule, types)
    names = [f"metric.{name}" for name in ("value", *on.dims)] + [f"m.{id_}" for id_ in book.models["measure"]]
    about = ["forecast", *(f"forecast.{name}" for name in _FORECAST)] if "forecast" in on.dims else []
    actioncheck.values(rule, types, partial(book.say, document), [*names, *about])
    _texts(book, rule, document, ["metric", "prev", "m", *types.names, *types.variables, *names, *about])


def _named(book: Book, document: Document, rule: Rule, types: typed.Types) -> None:
    """Employees whom `to` names by a path."""
    for severity, recipients in rule.to.items():
        for index, path in enumerate(recipients):
            if "." in path and path not in types.variables:
                book.say(document, ("to", severity, index), f"{path} is no field{types.suggest(path)}")


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
    if not any(case.edge for case in cases):
        book.say(document, ("tests",), "no case at a border; mark one with `edge: true`, or add one")
    if rule.clear and not any("resolved" in case.words for case in cases):
        book.say(document, ("tests",), "no case in which an event clears it; add one")
    for index, case in enumerate(cases):
        _given(book, rule, ("tests", index, "given"), case.given, document, events)


def _given(book: Book, rule: Rule, steps: tuple[Step, ...], given: Any, document: Document, events: Catalog) -> None:
    """The payloads of a case are of their types: a field that no event has proves nothing."""
    if isinstance(rule.on, OnMeasure) and not isinstance(given, trial.Values):
        return
    told = [(-1, given)] if isinstance(given, trial.Message) else enumerate(given.events)
    for at, message in told:
        if isinstance(message, trial.Tick):
            continue
        place = (*steps, "events", at) if at >= 0 else steps
        type_ = message.type or ("" if at >= 0 else rule.events[0])
        if type_ in rule.events and type_ not in events.types:
            continue  # told at `on`
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
