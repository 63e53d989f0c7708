"""Heal, let everything come to rest, and read what is there."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from email import message_from_bytes
from typing import Any

from confluent_kafka import Message

from deploy.audit import examine
from deploy.demo.found import client
from sharedchain.barrier import CLICKHOUSE, ENGINE, NOTIFY, Barrier, settle, stages
from sharedchain.codec import Codec
from sharedchain.core.localtime import MINUTE, minute_of
from sharedchain.endpoints import Endpoints
from sharedchain.schemas import Catalog
from sharedchain.scope import SPINE
from sharedchain.spine import read_derived_from, read_fact
from sinks.notify.delivery import plan
from tests.chain.door import Eye
from tests.chain.evidence import Evidence, cache_faults
from tests.chain.evidence import gather as evidence_of
from tests.chain.ledger import DRIVEN, HOUR, WALL
from tests.nemesis.arena import ENGINES, LANES, Arena
from tests.nemesis.checks import Found, Minute
from tests.nemesis.faults import Strike
from tests.nemesis.storm import Book, Storm

_ALERTS, _OUTCOMES = "ops.alert.v1", "ops.notification.v1"
_REST = 1500.0  # seconds for everything to come to rest


def found(arena: Arena, storm: Storm, codec: Codec, strikes: list[Strike], tell: Callable[[str], None]) -> Found:
    """Nothing is hurt any more; the load ends; what it published is decided, stored and told; the programs go."""
    arena.proxy.heal()
    storm.end()
    tell(f"the load has ended; its producer stood still and was replaced {storm.renewed} times")
    names = [part.name for part in arena.stack.state().parts if part.name not in ("prepare", "postbox")]
    unready = tuple(_unready(arena, names))
    tell("every program is ready" if not unready else f"not ready: {', '.join(unready)}")
    settle(arena.endpoints, _REST)
    storm.publish([storm.ledger.tick(tenant, 14 * 24 * HOUR) for tenant in DRIVEN])  # orphans' and forecasts' deadlines
    settle(arena.endpoints, _REST)
    tell("everything is decided, stored and told")
    _dismiss(arena)
    tell("the programs have gone; reading what is there")
    return _read(arena, storm, codec, strikes, unready)


def _unready(arena: Arena, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        try:
            arena.up(name)
        except AssertionError:
            yield name


def _dismiss(arena: Arena) -> None:
    """Who makes facts first; then everybody behind decides, stores and tells what is left."""
    for lane in range(LANES):
        arena.stack.stop(f"ingest-{lane}")
    deadline = time.monotonic() + _REST
    with Barrier(arena.endpoints) as barrier:
        for stage in stages(Catalog.load(), LANES):
            if stage.group in (ENGINE, CLICKHOUSE, NOTIFY):
                barrier.wait(stage, deadline)
    for slot in range(ENGINES):
        arena.stack.stop(f"engine-{slot}")


def _read(arena: Arena, storm: Storm, codec: Codec, strikes: list[Strike], unready: tuple[str, ...]) -> Found:
    endpoints = arena.endpoints
    evidence = evidence_of(endpoints, codec)
    expected, untold, late = _expected(evidence, storm.book)
    lanes = [endpoints.home / "ingest" / f"lane{k}.sqlite" for k in range(LANES)]
    return Found(
        evidence=evidence,
        ledger=storm.ledger,
        audit=examine(endpoints),
        caches=tuple(fault for lane in lanes for fault in cache_faults(evidence, codec, lane)),
        planned=_planned(evidence, codec),
        outcomes=Counter(_headers(m)["ce_id"] for m in Eye(endpoints, _OUTCOMES).look()),
        received=_received(endpoints),
        letters=int(client(endpoints).query("SELECT count() FROM dead_letters").result_rows[0][0]),
        answers=storm.door.answers,
        spans=sorted(_spans(endpoints, evidence, codec)),
        most=arena.most,
        strikes=strikes,
        unready=unready,
        captured=_captured(endpoints),
        expected=expected,
        untold=untold,
        late=late,
    )


def _planned(evidence: Evidence, codec: Codec) -> Counter[str]:
    """Deliveries that the alerts on the log ask for; an alert and its lamp live in one partition."""
    asked: Counter[str] = Counter()
    for (topic, _), out in evidence.live.items():
        if topic == _ALERTS:
            alerts = [read_derived_from(codec, headers=list(one.headers), value=one.value) for one in out]
            asked.update(delivery.id for delivery in plan(alerts, ()))
    return asked


def _received(endpoints: Endpoints) -> Counter[str]:
    """Mails and robot messages by the id that they carry."""
    mails = (message_from_bytes(file.read_bytes()) for file in (endpoints.home / "mail").glob("*.eml"))
    got = Counter(str(mail["Message-ID"]) for mail in mails)
    log = endpoints.home / "im.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    return got + Counter(str(json.loads(line)["id"]) for line in lines)


def _captured(endpoints: Endpoints) -> dict[Minute, int]:
    """What the store says of leads, by the minute in which they happened: the last word on each."""
    said = client(endpoints).query(
        "SELECT tenant, toUnixTimestamp64Milli(minute), argMax(value, (seq, nth)) FROM metric_minute "
        f"WHERE metric_id = 'M-01' AND dims = '{{}}' AND tenant IN {tuple(WALL)} GROUP BY tenant, minute"
    )
    return {(tenant, minute): int(value) for tenant, minute, value in said.result_rows}


def _expected(evidence: Evidence, book: Book) -> tuple[Counter[Minute], Counter[Minute], int]:
    """Leads by minute, by the time that the ledger gave them; who gave none, happened when it was published. First
    those whose minute was over, in the log and by the clock; then the others. And how many came late."""
    times = {s.name: book.happened(s) for s in book.sent if s.kind == "lead.captured"}
    told, untold, late = Counter[Minute](), Counter[Minute](), 0
    for facts in evidence.spine.values():
        own = [fact for fact, _ in facts]
        now = max((f.recorded for f in own if f.kind == "tick" and not f.scope), default=0)
        for fact in own:
            if fact.scope not in WALL or (fact.kind, fact.type) != ("fact", "lead.captured"):
                continue
            stated = times[fact.scope, fact.source, fact.id]
            at = stated if stated is not None else evidence.published[fact.src].timestamp()[1]
            over = minute_of(max(at, fact.recorded)) + MINUTE <= now
            (told if over else untold)[fact.scope, minute_of(at)] += 1
            late += fact.recorded - at > MINUTE
    return told, untold, late


def _spans(endpoints: Endpoints, evidence: Evidence, codec: Codec) -> Iterable[tuple[int, int]]:
    """From the append of a record to what the spine says of it first (a child that waits for its parent is parked at
    once), and from there to each thing derived."""
    appended: dict[tuple[int, int], int] = {}
    seen: set[str] = set()
    for message in Eye(endpoints, SPINE).look():
        fact = read_fact(codec, message)
        appended[fact.partition, fact.seq] = at = message.timestamp()[1]
        published = evidence.published.get(fact.src)
        if published is not None and fact.src not in seen:
            seen.add(fact.src)
            yield published.timestamp()[1], at
    made = [t.name for t in codec.catalog.topics.values() if t.derived == "engine"]
    for message in Eye(endpoints, *made).look():
        one = read_derived_from(codec, headers=_pairs(message), value=message.value() or b"")
        yield appended[one.partition, one.seq], message.timestamp()[1]


def _pairs(message: Message) -> Any:
    return message.headers() or []


def _headers(message: Message) -> dict[str, str]:
    return {name: value.decode() for name, value in _pairs(message)}
