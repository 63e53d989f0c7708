"""What an id is that somebody asked a trace of, and which chains it leads to. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.kin import Seen, named


@dataclass(frozen=True, slots=True)
class Asked:
    """`seeds`: ids of chains, in order; `history`: what is told of an id that is no part of a chain; `rang_on`: the
    subjects whose alerts are told beside it."""

    found_as: str
    seeds: tuple[str, ...]
    history: tuple[Seen, ...] = ()
    rang_on: tuple[str, ...] = ()


def recognised(ident: str, facts: Sequence[Seen]) -> Asked | None:
    """What `ident` is among the facts of `queries.facts_of`: an entity, else an event, else a correlation."""
    mine = [one for one in facts if one.subject == ident]
    if mine:
        kinds = [named(one)[ident] for one in mine if ident in named(one)]
        if kinds:
            inherited = {one.correlation for one in mine if one.refused} - {ident, ""}
            return Asked(kinds[0], (*(sorted(inherited) if all(one.refused for one in mine) else ()), ident))
        return Asked(_entity(mine), _seeds(mine), tuple(mine), (ident,))
    events = [one for one in facts if one.id == ident]
    if events:
        return Asked("event", _seeds(events), tuple(one for one in events if not named(one)))
    if facts:
        return Asked("correlation", _seeds(facts))
    return None


def places_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where the facts lie that raised an alert: `partition/seq` of its sources, else of its cause."""
    try:
        said = json.loads(rows[0]["explain"] or "{}")
    except ValueError:
        said = {}
    sources = said.get("sources", []) if isinstance(said, dict) else []
    return [f"{one['partition']}/{one['seq']}" for one in sources]


def subjects_of(subject: str) -> Iterator[str]:
    """`AR-0001/1` → itself, `AR-0001`: the whole that a part belongs to."""
    while subject:
        yield subject
        subject = subject.rpartition("/")[0]


def of_alert(subject: str, caused: Sequence[Seen], about: Sequence[Seen]) -> Asked:
    """The chains of the facts that raised an alert on `subject`; where they are of none, what they are (forecasts, a
    target), else the history of the subject, and the chains that these cite."""
    seeds = _seeds([one for one in caused if named(one)])
    if seeds:
        return Asked("alert", seeds)
    told = caused or about
    return Asked("alert", _seeds(told), tuple(one for one in told if not named(one)), (subject,))


def _seeds(facts: Iterable[Seen]) -> tuple[str, ...]:
    """The chain ids that facts speak of; of a forecast the opportunities that its lines cite."""
    found: dict[str, None] = {}
    for one in facts:
        found.update(dict.fromkeys(named(one)))
        if one.type.startswith("forecast.") and not one.refused:
            lines = [one.data, *one.data.get("lines", [])]
            found.update(dict.fromkeys(str(line["opportunity_id"]) for line in lines if line.get("opportunity_id")))
    return tuple(found)


def _entity(facts: Sequence[Seen]) -> str:
    """`forecast` of forecast.published, `customer` of master.customer.upserted."""
    first = facts[0]
    said = str(first.data.get("original_type", "")) if first.refused else first.type
    parts = said.split(".")
    return (parts[1] if parts[0] == "master" and len(parts) > 1 else parts[0]) or "id"
