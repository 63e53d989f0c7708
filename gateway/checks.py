"""The checks at the door: the same models and contract rules as the SDK. What fails here is never sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.cloudevents import Incoming
from gateway.problem import Finding
from gateway.publisher import Outgoing
from sharedchain.contract import check_required, map_terms
from sharedchain.dictionary import Dictionary
from sharedchain.errors import Refused
from sharedchain.events import Event
from sharedchain.schemas import Catalog, EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What events are measured against."""

    catalog: Catalog
    dictionaries: Mapping[str, Dictionary]


def check(contract: Contract, incoming: Incoming) -> Outgoing | list[Finding]:
    """The event ready to be sent, or everything that is wrong with it."""
    catalog, envelope = contract.catalog, incoming.envelope
    kind = catalog.types.get(envelope.type)
    if kind is None or not catalog.topics[kind.topic].ingest:
        return [_undeclared(catalog, incoming)]
    try:
        model = kind.model.model_validate(incoming.data)
    except ValidationError as error:
        return [_finding(one, incoming.place, kind) for one in error.errors(include_url=False, include_context=False)]
    assert isinstance(model, Event)
    data = model.to_avro()
    try:
        check_required(kind, data)
        map_terms(kind, data, contract.dictionaries, envelope.source)
    except Refused as refused:
        field = f"{incoming.place}data.{refused.field}"
        text, _, mend = refused.text.partition(": ")
        return [Finding(field=field, code=refused.reason, text=text, mend=_word_hint(contract, kind, refused) or mend)]
    tenant = envelope.tenant or catalog.topics[kind.topic].tenant or "default"
    return Outgoing(type=kind, key=kind.key_of(tenant, data), envelope=envelope, data=data, place=incoming.place)


def _word_hint(contract: Contract, kind: EventType, refused: Refused) -> str:
    """For a word outside the dictionary: the codes that it has."""
    domain = kind.terms.get(re.sub(r"\[\d+\]", "[]", refused.field))
    dictionary = contract.dictionaries.get(domain or "")
    if refused.reason != "unknown_term" or dictionary is None:
        return ""
    return f"use one of {', '.join(term.code for term in dictionary.terms)}"


def _undeclared(catalog: Catalog, incoming: Incoming) -> Finding:
    asked = incoming.envelope.type
    doors = sorted(name for name, kind in catalog.types.items() if catalog.topics[kind.topic].ingest)
    near = get_close_matches(asked, doors, n=3, cutoff=0.5)
    derived = asked in catalog.types
    text = f"{asked[:80]} is derived by the chain itself" if derived else f"no event type {asked[:80]!r} is declared"
    mend = f"did you mean {', '.join(near)}?" if near else f"publish one of {', '.join(doors)}"
    return Finding(field=f"{incoming.place}type", code="undeclared_type", text=text, mend=mend)


def _finding(error: ErrorDetails, place: str, kind: EventType) -> Finding:
    path = field_path(error["loc"])
    field = f"{place}data.{path}" if path else f"{place}data"
    match error["type"]:
        case "missing":
            return Finding(field=field, code="missing_field", text=f"{path} is required", mend=f"send {path}")
        case "extra_forbidden":
            near = get_close_matches(str(error["loc"][-1]), list(kind.model.model_fields), n=1)
            mend = f"did you mean {near[0]}?" if near else "leave it out"
            return Finding(field=field, code="unknown_field", text=f"{kind.name} has no field {path}", mend=mend)
    return Finding(field=field, code=_code(error), text=error["msg"], mend=f"got {_shown(error.get('input'))}")


def _code(error: ErrorDetails) -> str:
    """Stable codes: the reason of the dead letters where a model names one, else `bad_value`."""
    return "missing_field" if error["type"] == "missing_field" else "bad_value"


def field_path(parts: tuple[int | str, ...]) -> str:
    """('lines', 0, 'amount') → `lines[0].amount`."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shown(value: Any) -> str:
    if isinstance(value, Mapping | list):
        return "an object" if isinstance(value, Mapping) else "a list"
    return repr(value)[:60]
