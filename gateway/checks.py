"""The checks at the door: the same contract as the SDK. What fails here is never sent."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from gateway.cloudevents import Incoming
from gateway.problem import Finding
from gateway.publisher import Outgoing
from sharedchain.contract import Broken, check_required, map_terms, read_event
from sharedchain.dictionary import Dictionary
from sharedchain.errors import Refused
from sharedchain.schemas import Catalog, EventType
from sharedchain.translate import Translator


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What events are measured against; `dialects`: how foreign systems speak, by name."""

    catalog: Catalog
    dictionaries: Mapping[str, Dictionary]
    dialects: Mapping[str, Translator] = field(default_factory=dict)


def check(contract: Contract, incoming: Incoming, excused: Collection[str] = ()) -> Outgoing | list[Finding]:
    """The event ready to be sent, or everything that is wrong with it. `excused`: what its tenant's flow lets lack."""
    catalog, envelope = contract.catalog, incoming.envelope
    kind = catalog.types.get(envelope.type)
    if kind is None or not catalog.topics[kind.topic].ingest:
        return [_undeclared(catalog, incoming)]
    try:
        data = read_event(kind, incoming.data, excused).to_avro()
        check_required(kind, data, excused)
        map_terms(kind, data, contract.dictionaries, envelope.source)
    except Broken as broken:
        return [_finding(contract, kind, incoming.place, fault) for fault in broken.faults]
    except Refused as fault:
        return [_finding(contract, kind, incoming.place, fault)]
    key = kind.key_of(tenant_of(contract, incoming), data)
    return Outgoing(type=kind, key=key, envelope=envelope, data=data, place=incoming.place)


def tenant_of(contract: Contract, incoming: Incoming) -> str:
    """Whose event it is: what it says, else its topic's, else `default`."""
    kind = contract.catalog.types.get(incoming.envelope.type)
    return incoming.envelope.tenant or (kind and contract.catalog.topics[kind.topic].tenant) or "default"


def _finding(contract: Contract, kind: EventType, place: str, fault: Refused) -> Finding:
    field = f"{place}data.{fault.field}" if fault.field else f"{place}data"
    text, _, mend = re.sub(r"[;:] ", "\0", fault.text, count=1).partition("\0")
    domain = kind.terms.get(re.sub(r"\[\d+\]", "[]", fault.field), "")
    match fault.reason:
        case "unknown_term" if domain in contract.dictionaries:
            mend = f"use one of {', '.join(term.code for term in contract.dictionaries[domain].terms)}"
        case "missing_field" if not mend:
            mend = f"send {fault.field}"
    return Finding(field=field, code=fault.reason, text=text, mend=mend)


def _undeclared(catalog: Catalog, incoming: Incoming) -> Finding:
    asked = incoming.envelope.type
    doors = sorted(name for name, kind in catalog.types.items() if catalog.topics[kind.topic].ingest)
    near = get_close_matches(asked, doors, n=3, cutoff=0.5)
    derived = asked in catalog.types
    text = f"{asked[:80]} is derived by the chain itself" if derived else f"no event type {asked[:80]!r} is declared"
    mend = f"did you mean {', '.join(near)}?" if near else f"publish one of {', '.join(doors)}"
    return Finding(field=f"{incoming.place}type", code="undeclared_type", text=text, mend=mend)


def field_path(parts: tuple[int | str, ...]) -> str:
    """('lines', 0, 'amount') → `lines[0].amount`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
