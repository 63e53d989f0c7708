"""A toy of the chain: a small core with timers, totals over two keys and derived decisions, words in
JSON, and a tiny lane that writes its spine. Lets the engine be broken without schemas and rules."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.cimpl import NewTopic

from sharedchain import canonical
from sharedchain.endpoints import Endpoints
from sharedchain.fact import KIND, RECORDED, SCOPE, SEQ, Derived, Fact, Kind, derived_id
from sharedchain.kafka import consumer, make_topics, transactional_producer
from sharedchain.scope import PARTITIONS, partition_of
from sharedchain.spine import Record
from sharedchain.tail import READER, records
from streams.engine import Core, SpineRecord, Wiring, Words

State = dict[str, dict[str, Any]]
_HIGH, _LOW, _SILENT, _EVERY = 6000, 5000, 1500, 3


def step(state: State, facts: Iterable[Fact]) -> tuple[State, list[Derived]]:
    """Every third fact of a scope decides; totals open and close; 1.5 s of silence is told by a tick."""
    out: list[Derived] = []
    for fact in facts:
        made = _tick(state, fact) if fact.kind == "tick" else _fact(state, fact)
        out += [_derived(fact, nth, *what) for nth, what in enumerate(made, 1)]
    return state, out


def _tick(state: State, fact: Fact) -> list[tuple[str, str, dict[str, Any]]]:
    due = sorted(name for name, t in state.items() if t["due"] is not None and t["due"] <= fact.recorded)
    for name in due:
        state[name]["due"] = None
    return [("silent", name, dict(state[name])) for name in due]


def _fact(state: State, fact: Fact) -> list[tuple[str, str, dict[str, Any]]]:
    total = state.setdefault(fact.scope, {"n": 0, "total": 0, "open": None, "due": None})
    entity = state.setdefault(f"{fact.scope}/{fact.subject}", {"value": 0, "due": None})
    total["n"] += 1
    total["total"] += fact.data["value"] - entity["value"]  # a change over two keys: a torn state shows
    entity["value"] = fact.data["value"]
    total["due"] = fact.recorded + _SILENT
    made = [("nth", fact.scope, dict(total))] if total["n"] % _EVERY == 0 else []
    if total["open"] is None and total["total"] > _HIGH:
        total["open"] = fact.id
        made.append(("open", fact.scope, dict(total)))
    elif total["open"] is not None and total["total"] < _LOW:
        made.append(("close", fact.scope, dict(total)))
        total["open"] = None
    return made


def _derived(fact: Fact, nth: int, name: str, scope: str, data: dict[str, Any]) -> Derived:
    cause = f"{fact.partition}/{fact.seq}"
    return Derived(
        type=f"toy.{name}", id=derived_id(cause, name, scope), subject=scope, scope=scope, partition=fact.partition,
        seq=fact.seq, n=nth, recorded=fact.recorded, time=fact.recorded, causation=fact.id, data=data,
    )  # fmt: skip


CORE: Core[State] = Core(
    version="toy-1",
    new=dict,
    step=step,
    dump=lambda state: canonical.dumps(state).encode(),
    load=lambda body: dict(json.loads(body)),
)


def read(partition: int, record: SpineRecord) -> Fact:
    said = {name: raw.decode() for name, raw in record.headers}
    kind: Kind = "tick" if said[KIND] == "tick" else "fact"
    data = json.loads(record.value)
    return Fact(
        partition=partition, offset=record.offset, seq=int(said[SEQ]), recorded=int(said[RECORDED]), kind=kind,
        scope=said[SCOPE], type="toy", id=said["ce_id"], source="toy", subject=data.get("entity", ""),
        time=int(said[RECORDED]), tenant=said[SCOPE], data=data, traceparent=said.get("traceparent", ""),
    )  # fmt: skip


@dataclass(frozen=True)
class Toy:
    """Topics and group of one run; several runs share a broker."""

    run: str

    @property
    def wiring(self) -> Wiring:
        return Wiring(
            spine=f"{self.run}.facts", group=f"{self.run}.engine", snapshots=f"{self.run}.snapshots", every=200
        )

    @property
    def decisions(self) -> str:
        return f"{self.run}.decisions"

    @property
    def words(self) -> Words:
        return Words(read=read, write=self.write)

    def write(self, derived: Derived) -> Record:
        value = canonical.dumps({f: getattr(derived, f) for f in Derived.__slots__})
        return Record(
            topic=self.decisions, partition=derived.partition, key=derived.id.encode(), value=value.encode(),
            headers=[(SEQ, str(derived.seq).encode())],
        )  # fmt: skip

    def create(self, endpoints: Endpoints) -> None:
        names = (self.wiring.spine, self.decisions, self.wiring.snapshots)
        make_topics(endpoints, [NewTopic(name, PARTITIONS, 1) for name in names])


@dataclass
class SpineLane:
    """The one writer of a toy spine: gapless seq, monotone time, ticks, and now and then an aborted
    transaction or a death with one open."""

    endpoints: Endpoints
    toy: Toy
    scopes: list[str]
    seed: int
    ledger: list[str] = field(default_factory=list)  # ids of committed facts
    aborted: int = 0
    now: int = 1_000_000
    seq: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.producer = self._open()

    def _open(self) -> Producer:
        producer = transactional_producer(self.endpoints, f"{self.toy.run}.lane")
        producer.init_transactions(30)
        return producer

    def write(self, count: int, *, tick: bool = True, faulty: bool = False) -> None:
        """One transaction of `count` facts and a tick; a `faulty` one may abort or die and is then repeated."""
        while True:
            seq, ids = dict(self.seq), list[str]()
            self.producer.begin_transaction()
            for _ in range(count):
                scope = self.random.choice(self.scopes)
                data = {"entity": f"e{self.random.randrange(10)}", "value": self.random.randrange(1200)}
                ids.append(f"F{len(self.ledger) + len(ids)}")
                self._put(seq, partition_of(scope), "fact", scope, ids[-1], data)
            if tick:
                for partition in sorted({partition_of(s) for s in self.scopes}):
                    self._put(seq, partition, "tick", "", f"T{self.now}", {})
            if faulty and self.random.random() < 0.1:
                self.aborted += count
                self.producer.flush(30)
                if self.random.random() < 0.5:
                    self.producer.abort_transaction(30)
                else:  # as after kill -9: the successor ends the open transaction
                    self.producer = self._open()
                continue
            self.producer.commit_transaction(30)
            self.seq, self.now = defaultdict(int, seq), self.now + self.random.randrange(100, 900)
            self.ledger += ids
            return

    def _put(self, seq: dict[int, int], partition: int, kind: str, scope: str, id_: str, data: Any) -> None:
        seq[partition] = seq.get(partition, 0) + 1
        headers = {SEQ: seq[partition], RECORDED: self.now, KIND: kind, SCOPE: scope, "ce_id": id_}
        while True:
            try:
                self.producer.produce(
                    self.toy.wiring.spine,
                    canonical.dumps(data).encode(),
                    partition=partition,
                    headers=[(k, str(v).encode()) for k, v in headers.items()],
                )
                return
            except BufferError:
                self.producer.poll(0.05)


@dataclass
class Found:
    """What stands in Kafka after a run, and what folding its spine from zero gives."""

    spine: dict[int, list[Fact]]
    decided: dict[int, list[bytes]]  # as a read_committed reader sees it
    replayed: dict[int, list[bytes]]
    states: dict[int, bytes]  # dump of the fold from zero
    attempts: int  # decisions a read_uncommitted reader sees


def look(endpoints: Endpoints, toy: Toy) -> Found:
    found = Found({}, {}, {}, {}, 0)
    reader = consumer(endpoints, f"{toy.run}.check", **READER)
    dirty = consumer(endpoints, f"{toy.run}.check", **READER, isolation_level="read_uncommitted")
    for p in range(PARTITIONS):
        facts = [read(p, seen) for seen in records(reader, toy.wiring.spine, p, None)]
        state, out = step({}, facts)
        found.spine[p], found.states[p] = facts, CORE.dump(state)
        found.replayed[p] = [toy.write(d).value for d in out]
        found.decided[p] = [seen.value for seen in records(reader, toy.decisions, p, None)]
        found.attempts += sum(1 for _ in records(dirty, toy.decisions, p, None))
    reader.close()
    dirty.close()
    return found


def faults(found: Found, ledger: list[str]) -> list[str]:
    """What is wrong with a run; empty = the checks of the seam hold."""
    told: list[str] = []
    ids: list[str] = []
    for p, facts in found.spine.items():
        if [f.seq for f in facts] != list(range(1, len(facts) + 1)):
            told.append(f"spine/{p}: seq is not gapless")
        if any(a.recorded > b.recorded for a, b in pairwise(facts)):
            told.append(f"spine/{p}: recorded time falls")
        ids += [f.id for f in facts if f.kind == "fact"]
        live, want = found.decided[p], found.replayed[p]
        if len(live) != len(set(live)):
            told.append(f"decisions/{p}: {len(live) - len(set(live))} seen twice")
        if set(live) != set(want):
            told.append(f"decisions/{p}: {len(set(want) - set(live))} missing, {len(set(live) - set(want))} wrong")
        elif live != want:
            told.append(f"decisions/{p}: live differs from replay in order or number")
    if sorted(ids) != sorted(ledger):
        told.append(f"spine: {len(ids)} facts, {len(ledger)} accepted")
    return told
