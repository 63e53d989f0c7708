"""A fact: one record of the spine as the engines see it, and what engines derive from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "fact",  # an accepted event
    "refusal",  # `record.rejected`
    "parked",  # a child waiting for its parent; same id comes again as `fact` or is refused
    "tick",  # `clock.ticked`: time, for its scope ("" = all wall scopes of the partition)
    "config",  # `config.defined`: a rule, measure, dictionary, route, pack, tenant
]

OURS = "sharedchain:"  # how the sources of our own programs begin: no publisher's does
INGEST = "sharedchain:ingest"  # ce_source of what ingest itself says: derived facts, refusals, wall ticks
ACTOR = "sharedchain:engine"  # ce_source of the commands of rules, on COMMANDS: ingest judges them like a publisher's
# Headers that ingest adds on the spine, beside the published `ce_*` ones.
SEQ, RECORDED, KIND, SCOPE, SRC = "sc_seq", "sc_recorded", "sc_kind", "sc_scope", "sc_src"
# Headers that engines add on what they derive: the cause's place, and which derived one it is.
CAUSE_PARTITION, CAUSE_SEQ, NTH = "sc_partition", "sc_seq", "sc_n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One spine record, decoded.

    `seq` is gapless per spine partition, from 1. `recorded` and `time` are milliseconds since the
    epoch, UTC; `recorded` never falls within a partition's scope. `data` holds Avro values: money
    as Decimal, timestamps as int milliseconds, dates as datetime.date. `offset` and `src`
    («topic/partition/offset» as published) and `traceparent` (W3C) are provenance: no decision may read them.
    """

    partition: int
    seq: int
    recorded: int
    kind: Kind
    scope: str
    type: str
    id: str
    source: str
    subject: str
    time: int
    tenant: str
    data: Mapping[str, Any]
    actor: str = ""
    correlation: str = ""
    causation: str = ""
    backfill: bool = False
    offset: int = field(default=-1, compare=False)
    src: str = field(default="", compare=False)
    traceparent: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """An event that an engine made of a fact. Its place is (partition, seq, n): n = 1, 2, … counts
    what the fact at (partition, seq) caused. Same fact, same core: same bytes."""

    type: str
    id: str
    subject: str
    scope: str
    partition: int
    seq: int
    n: int
    recorded: int
    time: int
    causation: str
    correlation: str = ""
    backfill: bool = False
    data: Mapping[str, Any]
    traceparent: str = field(default="", compare=False)  # of its cause


def derived_id(cause: str, maker: str, subject: str) -> str:
    """Deterministic id of a derived event: 128 bits of BLAKE2b, as hex."""
    return hashlib.blake2b(f"{cause}|{maker}|{subject}".encode(), digest_size=16).hexdigest()
