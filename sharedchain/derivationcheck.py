"""Checks one derivation: the types it looks at and says, its names and expressions, and that it has cases."""

from __future__ import annotations

from functools import partial

from pydantic import ValidationError

from sharedchain import actioncheck, rulesight
from sharedchain.core import proof, typed
from sharedchain.core.derivation import Derivation, rings
from sharedchain.core.payload import payload
from sharedchain.core.trial import Outcome, Tick
from sharedchain.rulefiles import Book
from sharedchain.schemas import Catalog, EventType
from sharedchain.yamlfile import Document, Step

_CORE = ("alert.", "metric.", "shadow.")  # what the core says of itself


def check(book: Book, one: Derivation, document: Document, events: Catalog) -> None:
    """Say everything that is wrong with it to the book."""
    say = partial(book.say, document)
    if one.owner.removeprefix("role:") not in book.roles:
        say(("owner",), f"no role {one.owner.removeprefix('role:')} in the dictionary")
    actioncheck.types(one, events, say)
    every = {t: typed.of_event(events.types[t].schema) for t in one.on.event if t in events.types}
    elsewhere = {path for types in every.values() for path in types.variables}
    for index, type_ in enumerate(one.on.event):
        kind = events.types.get(type_)
        if kind is None:
            say(("on", "event", index), f"no event type {type_}{typed.hint(type_, events.types)}")
        elif not seen(kind, events):
            say(("on", "event", index), f"no derivation ever sees {type_}; they look at what ingest or the engine says")
        else:
            _sight(book, one, document, every[type_], elsewhere)
    _cases(book, one, document, events)


def seen(kind: EventType, events: Catalog) -> bool:
    """Whether the type comes by where derivations look, and tables with them."""
    topic = events.topics[kind.topic]
    ours = topic.derived == "engine" and not kind.name.startswith(_CORE)
    return bool(topic.ingest) or topic.derived == "ingest" or ours or kind.name == "record.rejected"


def chain(book: Book) -> None:
    """Say which derivations feed themselves."""
    every = book.models["derivation"]
    for id_ in rings([one for one, _ in every.values()]):
        book.say(every[id_][1], ("action",), "feeds itself: what it says leads back to what it looks at")


def outcomes(book: Book, one: Derivation, events: Catalog) -> list[Outcome]:
    """Run the cases of one that loads."""
    schemas = {name: kind.schema for name, kind in events.types.items()}
    data = book.items("calendar", "table")
    return [proof.run(one, case, schemas, data) for case in proof.proofs_of(one.tests)]


def _sight(book: Book, one: Derivation, document: Document, types: typed.Types, elsewhere: set[str]) -> None:
    say = partial(book.say, document)
    seen_ = rulesight.sight(one, types, book.looks, say, elsewhere)
    if seen_ is None:
        return  # its variables are unknown: nothing more can be said of it
    for key, sources in (("all", one.when.all), ("any", one.when.any)):
        for at, source in enumerate(sources):
            for finding in typed.check(source, seen_):
                say(("when", key, at), finding.text, finding.column)
    rulesight.paths(one.subject, ("subject",), seen_, say)
    rulesight.paths([one.part] if one.part else [], ("part",), seen_, say)
    actioncheck.values(one, seen_, say, own=actioncheck.BARE)


def _cases(book: Book, one: Derivation, document: Document, events: Catalog) -> None:
    say = partial(book.say, document)
    try:
        cases = proof.proofs_of(one.tests)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            say(("tests", *found["loc"]), found["msg"])
        return
    if not any(case.fires for case in cases):
        say(("tests",), "no case in which it derives; add one")
    if not any(case.stays_quiet for case in cases):
        say(("tests",), "no case that ends quiet; add one")
    for index, case in enumerate(cases):
        for at, event in enumerate(case.given.events):
            steps: tuple[Step, ...] = ("tests", index, "given", "events", at)
            if isinstance(event, Tick):
                continue
            if event.type not in events.types:
                hint = typed.hint(event.type, events.types) if event.type else "; say `type`"
                say((*steps, "type"), f"no event type {event.type}{hint}")
                continue
            try:
                payload(events.types[event.type].schema, event.message)
            except ValueError as error:
                say((*steps, "message"), str(error))
