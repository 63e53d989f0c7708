"""A refusal: a fact on the spine and a dead letter, made together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sharedchain.envelope import Envelope
from sharedchain.errors import Reason, Refused
from sharedchain.fact import INGEST, Fact
from sharedchain.schemas import EventType
from sharedchain.scope import partition_of
from streams.ingest import scopes
from streams.ingest.fold import REJECTED
from streams.ingest.identity import MOST, Identity, digest, told_by
from streams.ingest.lifecycle.entity import inherited
from streams.ingest.parked import Parked
from streams.ingest.record import Record
from streams.ingest.turn import DeadLetter, Turn


@dataclass(slots=True)
class Case:
    """What is known of a record so far; grows while it is judged."""

    record: Record
    scope: str
    said: Envelope = field(default_factory=lambda: Envelope(type=""))
    kind: EventType | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    schema_id: int | None = None
    who: Identity | None = None
    foreseen: Identity | None = None  # who it will be, unless a fault is found first
    ours: bool = False  # this lane's to judge
    fault: Refused | None = None  # why it could not even be read

    def named(self) -> tuple[str, str]:
        """(source, id) as far as the record says them."""
        if self.who:
            return self.who.source, self.who.id
        source = self.said.source or f"kafka:{self.record.topic}"
        if self.said.id or not self.kind:
            return source, self.said.id
        return source, told_by(self.scope, self.kind.name, self.data, self.kind.identity)[1]


def refuse(turn: Turn, case: Case, error: Refused) -> None:
    """Append `record.rejected` and keep the raw bytes, unless this very refusal stands already: the same
    bytes under the same name, for the same reason in the same field and value."""
    source, identity = case.named()
    raw = hashlib.blake2b(case.record.value or b"", digest_size=16).hexdigest()
    who = (source, identity, raw) if identity else (case.record.place,)
    rejected = digest("refused", case.scope, *who, error.reason, error.field, error.value)
    if turn.book.content(rejected) is not None:
        turn.counts["repeated_refusal", case.record.topic] += 1
        return
    correlation, owner = inherited(turn.book, case.kind, case.scope, case.data) if case.kind else ("", "")
    original = {
        "original_topic": case.record.topic,
        "original_partition": case.record.partition,
        "original_offset": case.record.offset,
        "original_type": case.kind.name if case.kind else case.said.type,
        "original_id": _cut(identity),
        "original_source": source,
        "subject": _cut(_text(case, case.kind.subject if case.kind else "") or case.said.subject),
        "owner": _cut(_text(case, case.kind.owner_field if case.kind else "") or owner),
        "schema_id": case.schema_id,
        "dlq_topic": turn.catalog.topics[case.record.topic].dlq,
    }
    said = case.said if case.said.correlation else replace(case.said, correlation=correlation)
    partition = partition_of(case.scope)
    recorded = turn.clock(partition, case.scope) or scopes.of(turn.book, partition, case.scope).recorded
    fact = _reject(turn, rejected.hex(), case.scope, recorded, original, error, said)
    turn.dead.append(DeadLetter(place=case.record.place, record=case.record, refusal=fact, reason=error.reason))
    turn.counts["refused", case.record.topic] += 1


def refuse_parked(
    turn: Turn, item: Parked, kind: EventType, data: Mapping[str, Any], error: Refused, recorded: int
) -> None:
    """A child that waited is refused after all, at the time of what ended its waiting; its raw bytes are
    fetched from where they lie."""
    topic, partition, offset = item.src.rsplit("/", 2)
    correlation, owner = inherited(turn.book, kind, item.scope, data)
    original = {
        "original_topic": topic,
        "original_partition": int(partition),
        "original_offset": int(offset),
        "original_type": item.type,
        "original_id": item.id,
        "original_source": item.source,
        "subject": _cut(item.subject),
        "owner": _cut(str(data.get(kind.owner_field or "") or "") or owner),
        "schema_id": None,
        "dlq_topic": turn.catalog.topics[topic].dlq,
    }
    said = Envelope(
        type=item.type,
        correlation=item.correlation or correlation,
        backfill=item.backfill,
        actor=item.actor,
        traceparent=item.traceparent,
    )
    rejected = digest("refused", item.scope, item.source, item.id, f"parked at {item.seq}", error.reason)
    fact = _reject(turn, rejected.hex(), item.scope, recorded, original, error, said)
    ours = bytes.fromhex(item.value)
    turn.dead.append(DeadLetter(place=item.src, record=None, refusal=fact, reason=error.reason, ours=ours))
    turn.counts["refused", topic] += 1


def _reject(
    turn: Turn,
    identity: str,
    scope: str,
    recorded: int,
    original: Mapping[str, Any],
    error: Refused,
    said: Envelope,
) -> Fact:
    reason: Reason = error.reason
    told = {"field": _cut(error.field), "text": _cut(error.text, 2000), "value": _cut(error.value) or None}
    data = {**original, "reason": reason, **told}
    return turn.append(
        kind="refusal",
        partition=partition_of(scope),
        scope=scope,
        recorded=recorded,
        value=turn.codec.encode(turn.catalog.types[REJECTED], data),
        type=REJECTED,
        id=identity,
        source=INGEST,
        subject=str(original["subject"]),
        time=recorded,
        tenant=scope,
        data=data,
        actor=said.actor,
        correlation=said.correlation,
        causation=str(original["original_id"]),
        backfill=said.backfill,
        src=f"{original['original_topic']}/{original['original_partition']}/{original['original_offset']}",
        traceparent=said.traceparent,
    )


def _cut(text: str, most: int = MOST) -> str:
    """What a stranger sent may be long; a refusal of it always fits."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(case: Case, name: str | None) -> str:
    value = case.data.get(name) if name else None
    return "" if value is None else str(value)
