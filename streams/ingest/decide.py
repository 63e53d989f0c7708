"""What one record of a domain topic becomes: a fact, a parked child, a refusal, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sharedchain.errors import Reason, Refused
from sharedchain.fact import Fact, Kind
from sharedchain.schemas import EventType, Topic
from sharedchain.scope import SYSTEM, partition_of
from streams.ingest import config, judge, lifecycle, scopes
from streams.ingest.cascade import accept, expire
from streams.ingest.identity import Identity, Known, content_of, digest, identify
from streams.ingest.lifecycle import gap
from streams.ingest.lifecycle.entity import inherited
from streams.ingest.opening import opened
from streams.ingest.record import Record
from streams.ingest.refuse import Case, refuse
from streams.ingest.turn import Turn

TICK = "clock.ticked"


def decide(turn: Turn, record: Record) -> Reason | None:
    """Open one record and judge it; as `decide_case`. Raises ConnectionFailed: nothing was decided then."""
    return decide_case(turn, opened(turn, record))


def decide_case(turn: Turn, case: Case) -> Reason | None:
    """Judge one case into the turn; the reason when it was refused. Another lane's record: nothing."""
    if case.fault:
        return _refused(turn, case, case.fault)
    if not case.ours:
        return None
    topic = turn.catalog.topics[case.record.topic]
    try:
        if topic.name == config.TOPIC:
            _define(turn, case, topic)
        else:
            _accept(turn, case, topic)
    except Refused as error:
        return _refused(turn, case, error)
    return None


def _refused(turn: Turn, case: Case, error: Refused) -> Reason | None:
    if partition_of(case.scope) not in turn.owned:
        return None
    refuse(turn, case, error)
    return error.reason


def _accept(turn: Turn, case: Case, topic: Topic) -> None:
    kind, said, scope = _kind(case), case.said, case.scope
    partition = partition_of(scope)
    words = turn.words(partition, kind)
    excused = partial(gap.excused, turn.book, partition, scope, kind.name)
    data = case.data = judge.words(kind, case.data, words, said.source, excused)
    who = case.who = case.foreseen or identify(said, scope, topic.name, kind.name, data, kind.identity)
    value = turn.codec.encode(kind, data)
    content = content_of(value)
    same = repeats(turn, who, content)
    if same:
        turn.counts["duplicate", topic.name] += 1
        return
    judge.values(kind, data)
    time, recorded = _times(turn, case, topic)
    if same is False:
        told = (
            f"another {kind.creates} needs another {kind.subject}" if kind.creates else "another event, another ce_id"
        )
        raise Refused(
            "conflict", f"{who.source} {who.id} came before with other content, which stands: {told}", "ce_id"
        )
    as_kind = _as_kind(turn, kind, scope, data, time)
    known = Known(who.named or digest("named", scope, who.source, who.id), who.told, content)
    recorded = time if as_kind == "tick" else recorded
    fact = _append(turn, case, as_kind, partition, time, recorded, value, known)
    turn.counts[as_kind, topic.name] += 1
    if as_kind == "tick":
        expire(turn, partition, fact.recorded, scope)


def _as_kind(turn: Turn, kind: EventType, scope: str, data: Mapping[str, Any], time: int) -> Kind:
    if kind.name == TICK:
        scopes.check_tick(scopes.of(turn.book, partition_of(scope), scope), time)
        return "tick"
    if lifecycle.lacks_parent(turn.book, kind, scope, data):
        return "parked"
    lifecycle.check(turn.book, kind, partition_of(scope), scope, data, time)
    return "fact"


def _times(turn: Turn, case: Case, topic: Topic) -> tuple[int, int]:
    """(event time, recorded time). Raises Refused(bad_time)."""
    kind, partition = _kind(case), partition_of(case.scope)
    scope = scopes.of(turn.book, partition, case.scope)
    now = turn.clock(partition, case.scope)
    zone = config.tenant(turn.book, partition, case.scope).timezone if case.said.time is None else ""
    otherwise = case.record.timestamp if scope.mode == "wall" else now
    time = judge.time_of(case.said, kind, case.data, zone, otherwise)
    if not now and not time:
        raise Refused("bad_time", f"tenant {case.scope} has no clock yet: give ce_time, or tick it first", "ce_time")
    judge.plausible(time, now, topic, case.said.backfill)
    return time, now or max(scope.recorded, time)


def _define(turn: Turn, case: Case, topic: Topic) -> None:
    """A configuration goes to every partition of this lane that does not have it yet."""
    kind, data = _kind(case), case.data
    judge.words(kind, data, {}, case.said.source)
    config.check(data)
    name = str(data["name"])
    told = f"{data['kind']}/{name}/{data['hash']}"
    source = case.said.source or f"kafka:{topic.name}"
    case.who = Identity(source, case.said.id or told, None, None)
    fresh = [p for p in turn.owned if config.hash_of(turn.book, p, data["kind"], name) != data["hash"]]
    if data["kind"] == "tenant" and partition_of(name) in fresh:
        scopes.check_mode(turn.book, partition_of(name), name, config.read_tenant(data["body"]).mode)
    value = turn.codec.encode(kind, data)
    again = case.said.id and identify(case.said, SYSTEM, topic.name, kind.name, data, ())
    if not fresh or (again and repeats(turn, again, content_of(value))):
        turn.counts["duplicate", topic.name] += 1
        return
    for partition in fresh:
        _append(
            turn,
            case,
            "config",
            partition,
            case.said.time or case.record.timestamp,
            turn.clock(partition, SYSTEM),
            value,
        )
    turn.counts["config", topic.name] += 1


def repeats(turn: Turn, who: Identity, content: bytes) -> bool | None:
    """True: the same came before. False: the same name with other content. None: new.

    A name given by headers decides; behind a new name, the payload's identity with the very content
    it had last is the same event told again.
    """
    strict = turn.book.content(who.named or who.told or b"")
    if strict is not None:
        return strict == content
    if who.named and who.told and turn.book.content(who.told) == content:
        return True
    return None


def _append(
    turn: Turn,
    case: Case,
    as_kind: Kind,
    partition: int,
    time: int,
    recorded: int,
    value: bytes,
    known: Known | None = None,
) -> Fact:
    kind, said, who = _kind(case), case.said, case.who
    assert who is not None
    subject = case.data.get(kind.subject) if kind.subject else case.scope
    correlation = said.correlation or inherited(turn.book, kind, case.scope, case.data)[0]
    told: dict[str, Any] = {
        "kind": as_kind,
        "partition": partition,
        "scope": case.scope,
        "recorded": recorded,
        "value": value,
        "type": kind.name,
        "id": who.id,
        "source": who.source,
        "subject": str(subject),
        "time": time,
        "tenant": case.scope,
        "data": case.data,
        "actor": said.actor,
        "correlation": correlation,
        "causation": said.causation,
        "backfill": said.backfill,
        "src": case.record.place,
        "traceparent": said.traceparent,
        "known": known,
    }
    return accept(turn, told) if as_kind == "fact" else turn.append(**told)


def _kind(case: Case) -> EventType:
    assert case.kind is not None
    return case.kind
