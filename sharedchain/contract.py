"""The contract rules of an event type, held alike by SDK, command line, gateway and ingest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import ErrorDetails

from sharedchain.dictionary import Dictionary
from sharedchain.errors import Refused
from sharedchain.events import Event
from sharedchain.events.base import wire_name
from sharedchain.schemas import EventType

Place = tuple[str, dict[str, Any], str]  # where (told to people), the holder, its key


class Broken(Refused):
    """Everything that is wrong with one event; as a Refused it is the first of `faults`."""

    def __init__(self, faults: list[Refused]) -> None:
        super().__init__(faults[0].reason, faults[0].text, faults[0].field)
        self.faults = faults

    def __reduce__(self) -> tuple[type[Broken], tuple[list[Refused]]]:  # type: ignore[override]
        return Broken, (self.faults,)


def read_event(kind: EventType, data: Mapping[str, Any], excused: Collection[str] = ()) -> Event:
    """The model of a payload (JSON or Avro values), which may lack what is `excused`. Raises Broken with all faults."""
    absent = frozenset(name for name in excused if is_empty(data.get(name)))
    said = {name: value for name, value in data.items() if name not in absent}
    try:
        event = (_lenient(kind.model, absent) if absent else kind.model).model_validate(said)
    except ValidationError as error:
        # a list whose elements are wrong is also told as too short: that says nothing
        told = [one for one in error.errors(include_url=False) if not (one["type"] == "too_short" and one["input"])]
        raise Broken([_fault(kind, one) for one in told]) from None
    assert isinstance(event, Event)
    return event


def read_excused(kind: EventType, data: Mapping[str, Any], excused: Callable[[], Collection[str]]) -> Event:
    """As `read_event`; what may be absent all the same is asked only where something is wrong."""
    try:
        return read_event(kind, data)
    except Broken:
        if not (absent := excused()):
            raise
        return read_event(kind, data, absent)


def lacking(kind: EventType, event: Event) -> Collection[str]:
    """Fields that this event was read without, and may lack."""
    fields, strict = type(event).model_fields, kind.model.model_fields
    return [
        name for name in kind.required if name in fields and strict[name].is_required() > fields[name].is_required()
    ]


@lru_cache(maxsize=256)
def _lenient(model: type[BaseModel], absent: frozenset[str]) -> type[BaseModel]:
    """The model of an event in which these fields may be absent."""
    fields: dict[str, Any] = dict.fromkeys(absent, (None, None))
    return create_model(model.__name__, __base__=model, **fields)


def _fault(kind: EventType, error: ErrorDetails) -> Refused:
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    absent = error["input"] is None or error["input"] in ("", [], ())
    match error["type"]:
        case "missing":
            return Refused("missing_field", f"{kind.name} needs {field}", field)
        case "missing_field":
            within = f"{field}.{error['ctx']['field']}" if field else str(error["ctx"]["field"])
            return Refused("missing_field", error["msg"], within)
        case "extra_forbidden":
            near = get_close_matches(str(error["loc"][-1]), [wire_name(name) for name in kind.model.model_fields], n=1)
            text = f"{kind.name} has no field {field}" + (f"; did you mean {near[0]}?" if near else "")
            return Refused("domain", text, field)
    if absent:
        return Refused("missing_field", f"{kind.name} needs {field}", field)
    return Refused("domain", f"{_wrong(error)}, got {str(error['input'])[:60]!r}", field)


def _wrong(error: ErrorDetails) -> str:
    """What is wrong with a value; of times and days, which people write in many ways, also how to write them."""
    match error["type"].partition("_")[0]:
        case "timezone":
            return "the time zone is missing: write 2026-05-01T10:00:00+08:00, or …Z"
        case "datetime":
            return "no moment: write 2026-05-01T10:00:00+08:00, or …Z"
        case "date":
            return "no day: write 2026-05-01"
    return error["msg"]


def check_required(kind: EventType, data: Mapping[str, Any], excused: Collection[str] = ()) -> None:
    """Raise Refused(missing_field) naming the first contract field that is absent or empty, and not `excused`."""
    for head, name in kind.required_places:
        if not head and name in excused:
            continue
        for index, holder in enumerate(data.get(head) or () if head else (data,)):
            if is_empty(holder.get(name)):
                where = f"{head}[{index}].{name}" if head else name
                raise Refused("missing_field", f"{kind.name} needs {where}: fill it in and publish again", where)
    for group in kind.any_of:
        if all(is_empty(data.get(name)) for name in group):
            raise Refused("missing_field", f"{kind.name} needs one of {', '.join(group)}", group[0])
    check_required_if(kind, data)


def check_required_if(kind: EventType, data: Mapping[str, Any]) -> None:
    """Raise Refused(missing_field) naming the first field that another one's value asks for."""
    for rule in kind.required_if:
        for where, holder, name in places(data, rule.field):
            if holder.get(rule.when) == rule.value and is_empty(holder.get(name)):
                raise Refused("missing_field", f"{kind.name} needs {where} where {rule.when} is {rule.value}", where)


def map_terms(
    kind: EventType, data: Mapping[str, Any], dictionaries: Mapping[str, Dictionary], system: str = ""
) -> dict[str, Any]:
    """`data` with codes for the dictionary's synonyms, in a new dict: `data` stays as it is. Lists
    in which nothing changed are shared.

    `system` is who speaks (`ce_source`). Raises Refused(unknown_term) for a word no dictionary has.
    """
    coded = dict(data)
    for head, name, domain in kind.term_places:
        known = dictionaries.get(domain)
        for index, holder in enumerate(data.get(head) or () if head else (data,)):
            word = holder.get(name)
            if is_empty(word):
                continue
            code = known.code(word, system) if known else None
            if code is None:
                where = f"{head}[{index}].{name}" if head else name
                raise Refused(
                    "unknown_term",
                    f"{where} says {word!r}, which the dictionary {domain} does not know{_heard(system)}: "
                    f"use {_codes(known)}, or add the word as a synonym",
                    where,
                    str(word),
                )
            if code != word:
                _put(coded, data, head, index, name, code)
    return coded


def _heard(system: str) -> str:
    """Synonyms may belong to one source: who was heard is half of why a word is not known."""
    return f" from source {system}" if system else ""


def _codes(known: Dictionary | None, most: int = 8) -> str:
    codes = [term.code for term in known.terms] if known else []
    return f"one of {', '.join(codes[:most])}{' …' if len(codes) > most else ''}" if codes else "one of its codes"


def _put(coded: dict[str, Any], data: Mapping[str, Any], head: str, index: int, name: str, code: str) -> None:
    if head and coded[head] is data[head]:
        coded[head] = [dict(element) for element in data[head]]
    (coded[head][index] if head else coded)[name] = code


def places(data: Mapping[str, Any], path: str) -> Iterator[Place]:
    """Each place that a field path names: `amount` one, `lines[].amount` one for each line."""
    head, mark, rest = path.partition("[].")
    if not mark:
        yield path, data, path  # type: ignore[misc]
        return
    for index, element in enumerate(data.get(head) or ()):
        yield f"{head}[{index}].{rest}", element, rest


def is_empty(value: Any) -> bool:
    """Absent, blank text, or a list or map without elements. Zero and False are values."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (not value and isinstance(value, (list, dict, tuple)))
