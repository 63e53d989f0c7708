"""The first look at a batch: what each record says, and what the book will be asked about it.

Nothing here depends on what was decided before, so a whole batch is opened before its first record
is judged, and the book is read once for all of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sharedchain.envelope import read_headers
from sharedchain.errors import Refused
from sharedchain.schemas import EventType
from sharedchain.scope import partition_of
from streams.ingest import config, judge, lifecycle, parked
from streams.ingest.identity import Identity, identify
from streams.ingest.record import Record
from streams.ingest.refuse import Case
from streams.ingest.turn import Turn

MAX_VALUE = 256 * 1024
MAX_KEY = MAX_HEADERS = 16 * 1024


def opened(turn: Turn, record: Record) -> Case:
    """The record as a case; its `fault` is why it cannot be read. Another lane's is not decoded.

    Raises ConnectionFailed when the registry does not answer: ask again.
    """
    topic = turn.catalog.topics[record.topic]
    case = Case(record, topic.tenant or judge.DEFAULT_TENANT)
    try:
        case.said = read_headers(record.headers)
        case.scope = judge.tenant_of(case.said, topic)
        case.ours = topic.name == config.TOPIC or partition_of(case.scope) in turn.owned
        if case.ours:
            _read(turn, case)
    except Refused as error:
        case.fault = error.with_traceback(None)  # it would hold every frame until its turn comes
    return case


def _read(turn: Turn, case: Case) -> None:
    """Bytes → type and data. Raises Refused for what cannot be read, ConnectionFailed."""
    record = case.record
    if record.value is None:
        raise Refused("tombstone", "a record without a value deletes nothing here: publish an event that says so")
    headers = sum([len(n) + len(v or b"") for n, v in record.headers])
    sizes = ("value", len(record.value), MAX_VALUE), ("key", len(record.key or b""), MAX_KEY)
    for what, size, limit in (*sizes, ("headers", headers, MAX_HEADERS)):
        if size > limit:
            raise Refused("too_large", f"the {what} has {size} bytes, at most {limit} are taken", what)
    decoded = turn.codec.decode(record.topic, record.value)
    case.kind, case.data, case.schema_id = decoded.type, decoded.data, decoded.schema_id
    judge.check_type(case.said, case.kind, turn.catalog)
    judge.speaker(case.said, record.topic)
    judge.names(case.data)
    case.foreseen = _foreseen(case, case.kind)


def _foreseen(case: Case, kind: EventType) -> Identity | None:
    """Who it will be, if that can be said before synonyms become codes."""
    if any(field in kind.terms for field in kind.identity):
        return None
    try:
        return identify(case.said, case.scope, kind.topic, kind.name, case.data, kind.identity)
    except Refused:
        return None  # other faults are told first


def questions(cases: Iterable[Case]) -> tuple[list[str], list[bytes]]:
    """Names and identities that judging these cases is likely to ask of the book."""
    names: list[str] = []
    identities: list[bytes] = []
    for case in cases:
        kind, who, data = case.kind, case.foreseen, case.data
        if kind is None or who is None:
            continue
        identities += [digest for digest in (who.named, who.told) if digest]
        names += lifecycle.asks(kind, case.scope, data)
        if kind.parent:
            names.append(parked.name_of(case.scope, who.source, who.id))
        if kind.creates:
            names.append(parked.children_of(case.scope, kind.creates, str(data.get(kind.subject))))
    return names, identities
