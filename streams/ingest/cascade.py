"""What a fact brings with it: derived facts right behind it, then the children that waited for either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharedchain.errors import Refused
from sharedchain.fact import INGEST, Fact, derived_id
from streams.ingest import lifecycle, parked, timers
from streams.ingest.lifecycle import overdue, receivable
from streams.ingest.lifecycle.entity import inherited
from streams.ingest.lifecycle.event import Told
from streams.ingest.refuse import refuse_parked
from streams.ingest.timers import Timer
from streams.ingest.turn import Turn


def accept(turn: Turn, said: Mapping[str, Any]) -> Fact:
    """Append a fact (`said` to `Turn.append`), what follows from it, and whoever waited for what is there now.

    Raises Refused when what follows cannot be: then nothing of it was appended.
    """
    if not lifecycle.derives(said["type"]):
        fact = turn.append(**said)
        _release(turn, fact)
        return fact
    with turn.attempt():
        fact = turn.append(**said)
        made = _derive(turn, fact)
    for one in (fact, *made):
        _release(turn, one)
    return fact


def _derive(turn: Turn, cause: Fact) -> list[Fact]:
    made: list[Fact] = []
    for told in lifecycle.follow(turn.book, cause):
        fact = _append(
            turn,
            told,
            (cause.source, cause.id),
            partition=cause.partition,
            scope=cause.scope,
            recorded=cause.recorded,
            time=cause.time,
            actor=cause.actor,
            correlation=cause.correlation,
            backfill=cause.backfill,
            traceparent=cause.traceparent,
        )
        made += [fact, *_derive(turn, fact)]
    return made


def _append(turn: Turn, told: Told, cause: tuple[str, str], *, scope: str, **said: Any) -> Fact:
    """A derived fact: its id is made of its cause and of what it says, and of nothing else."""
    kind = turn.catalog.types[told.type]
    about = f"{kind.key_of(scope, told.data).decode()}/{told.part}"
    turn.counts["derived", kind.topic] += 1
    return turn.append(
        kind="fact",
        scope=scope,
        value=turn.codec.encode(kind, told.data),
        type=kind.name,
        id=derived_id("/".join(cause), kind.name, about),
        source=INGEST,
        subject=str(told.data[kind.subject]),
        tenant=scope,
        data=told.data,
        causation=cause[1],
        live=True,
        **said,
    )


def _release(turn: Turn, parent: Fact) -> None:
    """The parent has come: its children follow it, each judged as if it came now."""
    entity = turn.catalog.types[parent.type].creates
    if entity is None:
        return
    for item in parked.children(turn.book, parent.scope, entity, parent.subject):
        value = bytes.fromhex(item.value)
        decoded = turn.codec.decode_ours(value)
        kind, data = decoded.type, decoded.data
        try:
            lifecycle.check(turn.book, kind, item.partition, item.scope, data, item.time)
            waited = {
                "kind": "fact",
                "partition": item.partition,
                "scope": item.scope,
                "recorded": parent.recorded,
                "value": value,
                "type": item.type,
                "id": item.id,
                "source": item.source,
                "subject": item.subject,
                "time": item.time,
                "tenant": item.tenant,
                "data": data,
                "actor": item.actor,
                "correlation": item.correlation or inherited(turn.book, kind, item.scope, data)[0],
                "causation": item.causation,
                "backfill": item.backfill,
                "src": item.src,
                "traceparent": item.traceparent,
            }
            accept(turn, waited)
            turn.counts["released", item.src.rsplit("/", 2)[0]] += 1
        except Refused as error:
            refuse_parked(turn, item, kind, data, error, parent.recorded)


def expire(turn: Turn, partition: int, at: int, scope: str = timers.WALL) -> None:
    """A tick of this clock: whatever was due by now happens, and what that makes due as well."""
    while due := timers.rung(turn.book, partition, scope, at):
        for timer in due:
            _ring(turn, partition, timer, at)


def _ring(turn: Turn, partition: int, timer: Timer, at: int) -> None:
    match timer.kind:
        case parked.ORPHAN:
            _orphan(turn, parked.found(turn.book, timer.parts[1]), at)
        case receivable.OVERDUE:
            found = overdue.passed(turn.book, partition, timer.parts, at)
            cause = (INGEST, found.cause)
            said = {"correlation": found.correlation, "backfill": found.backfill, "recorded": at, "time": at}
            _append(turn, found.told, cause, scope=found.scope, partition=partition, **said)


def _orphan(turn: Turn, item: parked.Parked, at: int) -> None:
    decoded = turn.codec.decode_ours(bytes.fromhex(item.value))
    text = f"no {item.entity} {item.parent} within 24 hours: publish it, then this event again"
    field = decoded.type.parent.field if decoded.type.parent else ""
    refuse_parked(turn, item, decoded.type, decoded.data, Refused("orphan", text, field, item.parent), at)
