"""What stands in Kafka after a run of the real chain, and what is wrong with it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Message

from sharedchain.codec import Codec
from sharedchain.core import fold
from sharedchain.endpoints import Endpoints
from sharedchain.fact import INGEST, Fact
from sharedchain.kafka import consumer
from sharedchain.scope import PARTITIONS, SPINE
from sharedchain.spine import Record, derived_record, fact_headers, is_command, read_fact
from sharedchain.tail import READER, Seen, records
from streams import snapshot
from streams.ingest.book import MemoryBook
from streams.ingest.fold import fold as fold_lane
from tests.chain.door import Eye
from tests.chain.ledger import ACCEPTED, NUMBER, REPEATED, Ledger

SNAPSHOTS = "chain.snapshot.v1"


class Out(NamedTuple):
    """A derived record, byte for byte."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass
class Evidence:
    """Everything a run left behind, read once, `read_committed`."""

    spine: dict[int, list[tuple[Fact, bytes]]]
    live: dict[tuple[str, int], list[Out]]
    replayed: dict[tuple[str, int], list[Out]]
    kept: dict[tuple[int, int], bytes]  # (partition, seq) → body of a snapshot
    states: dict[tuple[int, int], bytes]  # (partition, seq) → the fold from zero at the same place
    published: dict[str, Message]  # place → record of a domain topic
    letters: list[Message]
    attempts: Counter[str] = field(default_factory=Counter)  # topic → records a read_uncommitted reader sees

    @property
    def facts(self) -> list[Fact]:
        return [fact for p in sorted(self.spine) for fact, _ in self.spine[p]]


def gather(endpoints: Endpoints, codec: Codec) -> Evidence:
    """Read the spine, fold it from zero, and read everything else beside it."""
    topics = codec.catalog.topics.values()
    spine: dict[int, list[tuple[Fact, bytes]]] = {p: [] for p in range(PARTITIONS)}
    for message in Eye(endpoints, SPINE).look():
        fact = read_fact(codec, message)
        spine[fact.partition].append((fact, _bytes(message.value())))
    derived = [t.name for t in topics if t.derived]
    live: dict[tuple[str, int], list[Out]] = {(t, p): [] for t in derived for p in range(PARTITIONS)}
    for message in Eye(endpoints, *derived).look():
        place = str(message.topic()), int(message.partition() or 0)
        said: Any = message.headers()
        live[place].append(Out(_bytes(message.key()), _bytes(message.value()), tuple(said)))
    doors = [t for t in topics if t.ingest]
    found = Evidence(
        spine=spine,
        live=live,
        replayed={place: [] for place in live},
        kept=_snapshots(endpoints),
        states={},
        published={_place(m): m for m in Eye(endpoints, *(t.name for t in doors)).look()},
        letters=Eye(endpoints, *(t.dlq for t in doors)).look(),
        attempts=_attempts(endpoints, [SPINE, *derived]),
    )
    for partition in range(PARTITIONS):
        _replay(found, codec, partition)
    return found


def _replay(found: Evidence, codec: Codec, partition: int) -> None:
    state, at = fold.new_state(), {seq for p, seq in found.kept if p == partition}
    for fact, value in found.spine[partition]:
        kind = codec.catalog.types[fact.type]
        if fact.kind == "fact" and codec.catalog.topics[kind.topic].derived == "ingest":  # stands there as here
            twin = Out(kind.key_of(fact.scope, fact.data), value, tuple(fact_headers(fact)))
            found.replayed[kind.topic, partition].append(twin)
        state, derived = fold.step(state, [fact])
        for one in derived:
            if is_command(codec, one.type):
                continue  # on a door: what came of it stands on the spine
            record: Record = derived_record(codec, one)
            found.replayed[record.topic, record.partition].append(Out(record.key, record.value, tuple(record.headers)))
        if fact.seq in at:
            found.states[partition, fact.seq] = fold.dump(state)


def _snapshots(endpoints: Endpoints) -> dict[tuple[int, int], bytes]:
    """Every whole snapshot that ever stood on the topic."""
    reader = consumer(endpoints, "sharedchain.check", **READER)
    kept: dict[tuple[int, int], bytes] = {}
    for partition in range(PARTITIONS):
        places: dict[int, list[Seen]] = {}
        for seen in records(reader, SNAPSHOTS, partition, None):
            said = json.loads(dict(seen.headers)[snapshot.HEADER])
            assert said["core"] == fold.CORE_VERSION, "the core's files were changed during the run: run it again"
            places.setdefault(said["offset"], []).append(seen)
        for offset, pieces in places.items():
            whole = snapshot.newest(pieces, partition, fold.CORE_VERSION, offset)
            if whole is not None:
                kept[partition, whole.seq] = whole.body
    reader.close()
    return kept


def _attempts(endpoints: Endpoints, topics: Iterable[str]) -> Counter[str]:
    reader = consumer(endpoints, "sharedchain.check", **READER, isolation_level="read_uncommitted")
    count = Counter({t: sum(1 for p in range(PARTITIONS) for _ in records(reader, t, p, None)) for t in topics})
    reader.close()
    return count


def faults(found: Evidence, ledger: Ledger) -> list[str]:
    """What is wrong; empty = every check holds."""
    return [*spine_faults(found, ledger), *live_faults(found), *state_faults(found)]


def spine_faults(found: Evidence, ledger: Ledger) -> list[str]:
    """What is wrong with ingest's part: spine and dead letters against what was published."""
    return [*_spine(found), *_ledger(found, ledger), *_refusals(found, ledger), *_letters(found)]


def _spine(found: Evidence) -> Iterable[str]:
    for partition, records_ in found.spine.items():
        own = [fact for fact, _ in records_]
        if [f.seq for f in own] != list(range(1, len(own) + 1)):
            yield f"spine/{partition}: seq is not gapless"
        for scope in {f.scope for f in own}:
            if any(a.recorded > b.recorded for a, b in pairwise(f for f in own if f.scope == scope)):
                yield f"spine/{partition}: recorded time of {scope!r} falls"
        ticks = [f.data["n"] for f in own if f.kind == "tick" and not f.scope]
        if any(b <= a for a, b in pairwise(ticks)):
            yield f"spine/{partition}: ticks do not rise"


def _ledger(found: Evidence, ledger: Ledger) -> Iterable[str]:
    """What was acknowledged is a fact once; what was not acknowledged, at most once; nothing else is there."""
    want = {s.name for s in ledger.sent if s.expect == ACCEPTED and s.topic not in _CONTROL}
    maybe = {s.name for s in ledger.sent if s.n in ledger.maybe}
    have = Counter((f.scope, f.source, f.id) for f in found.facts if f.kind == "fact" and f.source != INGEST)
    yield from (f"{name} is a fact {count} times" for name, count in have.items() if count > 1)
    yield from (f"{name} was accepted and is no fact" for name in sorted(want - maybe - have.keys()))
    yield from (f"{name} is a fact and should not be" for name in sorted(have.keys() - want))
    ended = Counter((f.scope, f.id) for f in found.facts if f.kind == "fact" and f.type == "lead.converted")
    if ended != Counter((f.scope, f.causation) for f in found.facts if f.source == INGEST and f.kind == "fact"):
        yield f"{ended.total()} leads were converted, not each into one opportunity"
    again = {ledger.sent[n].name for n in ledger.again}
    waited = Counter((f.scope, f.source, f.id) for f in found.facts if f.kind == "parked")
    foretold = Counter(s.name for s in ledger.sent if s.parked and s.expect != REPEATED)
    for name in sorted(name for name in (waited | foretold).keys() - again if waited[name] != foretold[name]):
        yield f"{name} was parked {waited[name]} times and not {foretold[name]}"


_CONTROL = ("chain.config.v1", "chain.clock.v1")


def _refusals(found: Evidence, ledger: Ledger) -> Iterable[str]:
    numbers = {place: int(dict(_headers(m)).get(NUMBER, b"-1")) for place, m in found.published.items()}
    have = Counter((numbers[f.src], f.data["reason"]) for f in found.facts if f.kind == "refusal")
    want = Counter((s.n, s.expect) for s in ledger.sent if s.expect not in (ACCEPTED, REPEATED))
    for n, reason in sorted(have - want):
        yield f"record {n} ({ledger.sent[n].kind}, {ledger.sent[n].expect}) was refused as {reason}"
    for n, reason in sorted(want - have):
        yield f"record {n} ({ledger.sent[n].kind}) was not refused as {reason}"


def _letters(found: Evidence) -> Iterable[str]:
    """A dead letter for each refusal, each refusal for one dead letter, the bytes as they were published."""
    refusals = Counter((f.src, f"{SPINE}/{f.partition}/{f.seq}") for f in found.facts if f.kind == "refusal")
    letters = Counter((_bytes(m.key()).decode(), dict(_headers(m))["sc_refusal"].decode()) for m in found.letters)
    if refusals != letters:
        yield f"{refusals.total()} refusals, {letters.total()} dead letters: {refusals - letters} {letters - refusals}"
    for letter in found.letters:
        place = _bytes(letter.key()).decode()
        original = found.published.get(place)
        if original is None:
            yield f"a dead letter of {place}, where nothing was published"
        elif letter.value() != original.value():
            yield f"the dead letter of {place} has other bytes"
        elif _headers(letter)[: len(_headers(original))] != _headers(original):
            yield f"the dead letter of {place} has other headers"


def live_faults(found: Evidence) -> Iterable[str]:
    """Derived topics against the fold from zero: bytes, order, number."""
    for (topic, partition), live in found.live.items():
        want = found.replayed[topic, partition]
        if len(live) != len(set(live)):
            yield f"{topic}/{partition}: {len(live) - len(set(live))} seen twice"
        if set(live) != set(want):
            missing, extra = len(set(want) - set(live)), len(set(live) - set(want))
            yield f"{topic}/{partition}: {missing} missing, {extra} wrong of {len(want)}"
        elif live != want:
            yield f"{topic}/{partition}: live differs from replay in order or number"


def state_faults(found: Evidence) -> Iterable[str]:
    """Snapshots against the fold from zero."""
    for (partition, seq), body in found.kept.items():
        if found.states.get((partition, seq)) != body:
            yield f"snapshot of {partition} at seq {seq}: not the fold from zero"


def cache_faults(found: Evidence, codec: Codec, file: Path) -> list[str]:
    """The cache of a lane against the fold of the spine up to its marks."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        marks = dict(db.execute("SELECT partition, seq FROM mark"))
        values = {name: json.loads(value) for name, value in db.execute("SELECT name, value FROM value")}
        identities = dict(db.execute("SELECT digest, content FROM identity"))
    book = MemoryBook()
    for partition, seq in marks.items():
        for fact, value in found.spine[partition][:seq]:
            fold_lane(book, codec.catalog.types, fact, value)
    wrong = [] if marks else [f"{file.name}: no marks"]
    if values != json.loads(json.dumps(book.values)):
        wrong.append(f"{file.name}: values differ from the fold of the spine")
    if identities != book.identities:
        wrong.append(f"{file.name}: identities differ from the fold of the spine")
    return wrong


def _place(message: Message) -> str:
    return f"{message.topic()}/{message.partition()}/{message.offset()}"


def _headers(message: Message) -> list[tuple[str, bytes]]:
    said: Any = message.headers() or []
    return list(said)


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
