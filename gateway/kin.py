"""Which facts belong to one chain: those that name an id which another of its facts names. Pure.

Ids are read from fields that say what they are (`opportunity_id`, …), never from text; a shared correlation
finds candidates, it does not make kin: an importer may give one correlation to a thousand leads. A refusal binds
nothing together; it is told with the chain that its subject, or the correlation it inherited, is an id of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from gateway.forecasts import milliseconds
from sharedchain.trace import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
_FIELDS: Mapping[str, Kind] = {f"{kind}_id": kind for kind in KINDS} | {"approval_case_id": "case"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A row of `facts`, its data read. Times in milliseconds."""

    partition: int
    seq: int
    n: int
    kind: str
    type: str
    id: str
    source: str
    subject: str
    at: int
    recorded: int
    actor: str
    correlation: str
    cause: str
    data: Mapping[str, Any]
    src: str = ""  # topic/partition/offset as published

    @property
    def order(self) -> tuple[int, int, int, int]:
        return self.at, self.partition, self.seq, self.n

    @property
    def refused(self) -> bool:
        return self.kind == "refusal"


def read(rows: Iterable[Mapping[str, Any]]) -> list[Seen]:
    """The rows in order of time. What was parked stands once: as the fact, or the refusal, that it became."""
    found: dict[tuple[str, str, str], Seen] = {}
    for row in rows:
        one = _seen(row)
        key = (one.source, one.id, "") if one.kind in ("fact", "parked") and one.n == 0 else (*_place(one), one.id)
        if key not in found or found[key].kind == "parked":
            found[key] = one
    refused = {one.src for one in found.values() if one.refused and one.src}
    kept = [one for one in found.values() if one.kind != "parked" or one.src not in refused]
    return sorted(kept, key=lambda one: one.order)


def _place(one: Seen) -> tuple[str, str]:
    return f"{one.partition}/{one.seq}", str(one.n)


def _seen(row: Mapping[str, Any]) -> Seen:
    data = json.loads(row["data"])
    return Seen(
        **{name: row[name] for name in ("partition", "seq", "n", "kind", "type", "id", "source", "subject", "actor")},
        at=milliseconds(row["time"]),
        recorded=milliseconds(row["recorded"]),
        correlation=row["correlation"],
        cause=row["causation"],
        data=data if isinstance(data, dict) else {},
        src=str(row.get("src") or ""),
    )


def named(one: Seen) -> dict[str, Kind]:
    """The chain ids that a fact speaks of. A refusal speaks of its subject alone: the rest was not believed."""
    if one.refused:
        kind = _kind_of(str(one.data.get("original_type", "")))
        return {one.subject: kind} if kind and one.subject else {}
    if _kind_of(one.type) is None:
        return {}
    return {str(one.data[name]): kind for name, kind in _FIELDS.items() if one.data.get(name)}


def about(one: Seen) -> str:
    """What a case is about; empty for everything else."""
    return str(one.data.get("subject") or "") if one.type.startswith("case.") and not one.refused else ""


def candidates(facts: Iterable[Seen]) -> tuple[set[str], set[str]]:
    """Ids and correlations to look for next."""
    ids: set[str] = set()
    correlations: set[str] = set()
    for one in facts:
        names = named(one)
        if names:
            ids |= names.keys() | ({about(one)} - {""})
            correlations |= {one.correlation} - {""}
    return ids, correlations


def chains(facts: Sequence[Seen], seeds: Iterable[str]) -> list[list[Seen]]:
    """The chains that the seeds are part of, each in order of time; the one that began first comes first."""
    links = _links(facts)
    found: list[list[Seen]] = []
    told: set[tuple[int, int, int, int]] = set()
    for seed in seeds:
        ids = _grown([names for one, names in zip(facts, links, strict=True) if not one.refused], seed)
        mine = [one for one, names in zip(facts, links, strict=True) if names & ids]
        if {one.order for one in mine} <= told:
            continue
        told |= {one.order for one in mine}
        found.append(mine)
    return sorted(found, key=lambda mine: mine[0].order)


def _links(facts: Sequence[Seen]) -> list[set[str]]:
    """The ids of each fact. A case is linked to its subject only where that is an id of a chain."""
    names = [named(one) for one in facts]
    entities = {name for said in names for name, kind in said.items() if kind != "case"}
    return [_linked(one, set(said), entities) if said else set() for one, said in zip(facts, names, strict=True)]


def _linked(one: Seen, names: set[str], entities: set[str]) -> set[str]:
    more = {one.correlation} if one.refused else {about(one)}
    return names | (more & entities)


def _grown(links: Sequence[set[str]], seed: str) -> set[str]:
    ids = {seed}
    while True:
        more = ids.union(*(names for names in links if names & ids))
        if more == ids:
            return ids
        ids = more


def _kind_of(type_name: str) -> Kind | None:
    first = type_name.partition(".")[0]
    return next((kind for kind in KINDS if kind == first), None)
