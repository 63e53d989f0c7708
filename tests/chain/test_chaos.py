"""The real thing under fire: ingest lanes, engine workers, core, rules and schemas as they are shipped.

Four checks, whatever was killed, frozen, joined or left: every accepted event is on the spine once,
in a gapless order; the derived topics hold, byte for byte and in order, what folding the spine gives;
so do the engine's snapshots and the lanes' caches; nothing derived is seen twice. And every refusal
is one refusal and one dead letter with the published bytes.

CHAOS_SEED repeats a run (its choices, not its timing), CHAOS_SECONDS makes it longer;
every fault happens once at least.
"""

from __future__ import annotations

import itertools
import os
import random
import secrets
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from confluent_kafka import Message

from deploy.local.prepare import publish_config
from deploy.local.stack import Stack
from sharedchain.barrier import ENGINE
from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.fact import Fact
from sharedchain.kafka import create_topics
from sharedchain.registration import apply
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from streams.lanes import FENCED, GAP
from streams.watchdog import STUCK
from tests.chain.crew import Crew, dropped, until
from tests.chain.evidence import Evidence, Out, cache_faults, faults, gather, spine_faults
from tests.chain.ledger import DRIVEN, HOUR, Ledger
from tests.chain.load import Load
from tests.chain.programs import ENGINE_FACTS, EngineTrade, LaneTrade

pytestmark = [pytest.mark.stack, pytest.mark.slow]

Fault = Callable[[], None]
SESSION = {"SHAREDCHAIN_ENGINE_SESSION": "5"}
LANE_POINTS = ["after_begin", "after_produce", "before_commit", "after_commit"]
# Nothing is signed and no case runs here: tests/streams/ingest/test_lane_lifecycle.py kills lanes that do that.
QUIET = {"finance.contract.live.v1", "finance.receivable.live.v1", "flow.case.live.v1", "master.gap.live.v1"}
QUIET |= {"ops.suggestion.live.v1", "ops.rule.v1"}  # no rule of the load acts, and none is changed
ENGINE_POINTS = ["after_step", "after_outputs", "before_commit", "after_commit"]


def _live_changed(change: Callable[[list[Out]], list[Out]]) -> Callable[[Evidence], Evidence]:
    def damage(found: Evidence) -> Evidence:
        place = max(found.live, key=lambda p: len(found.live[p]))
        return replace(found, live={**found.live, place: change(found.live[place])})

    return damage


def _spine_changed(found: Evidence) -> Evidence:
    place = max(found.spine, key=lambda p: len(found.spine[p]))
    return replace(found, spine={**found.spine, place: found.spine[place][:-1][::-1]})


def _any(found: Evidence) -> Message:
    return next(iter(found.published.values()))


# What a check says → evidence damaged so that it must say so: a check that cannot fail proves nothing.
DAMAGES: dict[str, Callable[[Evidence], Evidence]] = {
    "1 missing": _live_changed(lambda out: out[1:]),
    "1 seen twice": _live_changed(lambda out: [*out, out[0]]),
    "differs from replay in order": _live_changed(lambda out: [out[1], out[0], *out[2:]]),
    "1 missing, 1 wrong": _live_changed(lambda out: [out[0]._replace(headers=()), *out[1:]]),
    "not the fold from zero": lambda found: replace(found, kept=dict.fromkeys(found.kept, b"")),
    "seq is not gapless": _spine_changed,
    "was accepted and is no fact": lambda found: replace(found, spine={**found.spine, 0: []}),
    "is a fact 2 times": lambda found: replace(found, spine={**found.spine, 8: found.spine[0]}),
    "was not refused as": lambda found: replace(found, spine={**found.spine, 3: []}),
    "has other bytes": lambda found: replace(found, published=dict.fromkeys(found.published, _any(found))),
    "dead letters": lambda found: replace(found, letters=found.letters[1:]),
}


@dataclass
class Run:
    """One chain, its crews, and what is published to it."""

    endpoints: Endpoints
    codec: Codec
    lanes: Crew
    engines: Crew
    load: Load
    seconds: float
    began: float

    def left(self) -> float:
        return self.seconds - (time.monotonic() - self.began)


@pytest.fixture
def make(fresh_stack: Callable[..., Stack], tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """A broker and a registry of its own, with topics, schemas and configuration as `prepare` makes them."""
    made: list[Run] = []

    def run(seed: int, lanes: int = 2, script: Path | None = None) -> Run:
        endpoints = fresh_stack(parts=("kafka", "registry"), ingests=lanes).up()
        catalog, registry = Catalog.load(), Registry(endpoints.registry)
        codec = Codec(registry, catalog)
        create_topics(endpoints, catalog)
        apply(registry, catalog)
        publish_config(endpoints, codec)
        one = Run(
            endpoints=endpoints,
            codec=codec,
            lanes=Crew(endpoints, LaneTrade(endpoints, script), tmp_path, "lane"),
            engines=Crew(endpoints, EngineTrade(endpoints), tmp_path, "engine", SESSION),
            load=Load(endpoints, Ledger(codec, seed, time.time_ns() // 1_000_000)),
            seconds=float(os.environ.get("CHAOS_SECONDS", "20")),
            began=time.monotonic(),
        )
        made.append(one)
        return one

    yield run
    for one in made:
        one.load.stop.set()
        one.lanes.end()
        one.engines.end()


def test_the_chain_under_kills_stops_joins_and_leaves(make: Callable[..., Run]) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))
    print(f"CHAOS_SEED={seed}", flush=True)
    run = make(seed)
    _open(run)
    with ThreadPoolExecutor(2) as pool:
        run.load.start()
        nemeses = [
            pool.submit(_nemesis, run, run.lanes, _lane_faults(run, random.Random(seed + 1))),
            pool.submit(_nemesis, run, run.engines, _engine_faults(run, random.Random(seed + 2))),
        ]
        _all(nemeses)
    decided = {slot: _decided(run, slot) for slot in sorted(run.engines.running)}
    _heal(run)

    found = gather(run.endpoints, run.codec)
    _tell(run, found)
    assert faults(found, run.load.ledger) == []
    for k in range(run.endpoints.lanes):
        assert cache_faults(found, run.codec, run.endpoints.home / "ingest" / f"lane{k}.sqlite") == []
    _happened(run, found, decided)
    assert {name: name in " ".join(faults(damage(found), run.load.ledger)) for name, damage in DAMAGES.items()} == (
        dict.fromkeys(DAMAGES, True)
    )


def test_a_lane_that_wakes_up_cannot_write(make: Callable[..., Run]) -> None:
    """And the red twin: with a transactional id of its own in every process it can, and the checks say so."""
    run = make(1, lanes=1, script=Path(__file__).with_name("frozen_ingest.py"))
    _outlive(run)
    assert spine_faults(gather(run.endpoints, run.codec), run.load.ledger) == []

    _dismiss(run.lanes, 0)
    run.lanes.env["ANONYMOUS"] = "1"
    _outlive(run)
    told = spine_faults(gather(run.endpoints, run.codec), run.load.ledger)
    assert any("seq is not gapless" in t for t in told), told
    assert any("is a fact 2 times" in t for t in told), told

    _dismiss(run.lanes, 0)
    (run.endpoints.home / "ingest" / "lane0.sqlite").unlink()
    run.lanes.start("0")
    run.lanes.ended("0", GAP)  # nobody writes behind a gap


def _outlive(run: Run) -> None:
    """A lane freezes amid a transaction; its successor decides the same records; the frozen one wakes up."""
    flag = run.lanes.folder / f"frozen-{len(run.lanes.exits)}"
    run.lanes.start("0", FREEZE=str(flag))
    run.load.publish(run.load.ledger.burst(60))
    until(flag.exists, 40, "the lane does not freeze")
    frozen = run.lanes.freeze("0")
    run.lanes.start("0")
    run.lanes.caught_up()
    run.lanes.thaw("0", frozen, FENCED)
    run.load.publish(run.load.ledger.burst(60))
    run.lanes.caught_up()


def _open(run: Run) -> None:
    """Lanes and two workers; driven tenants get their mode and first tick before anything else."""
    for k in range(run.endpoints.lanes):
        run.lanes.start(str(k))
    for slot in "01":
        run.engines.start(slot)
    run.load.publish([run.load.ledger.configure(tenant) for tenant in DRIVEN])
    run.lanes.caught_up()
    run.load.publish([run.load.ledger.tick(tenant, 0) for tenant in DRIVEN])
    run.lanes.caught_up()
    run.load.publish(run.load.ledger.opening())


def _nemesis(run: Run, crew: Crew, plan: list[Fault]) -> None:
    """Each fault of the plan once, then again in turn until the time is over."""
    turn = 0
    while turn < len(plan) or run.left() > 0:
        fault = plan[turn % len(plan)]
        run.load.more(40)
        began = time.monotonic()
        fault()
        for slot in sorted(crew.running):
            crew.ready(slot)
        print(f"{crew.name} {fault.__name__}: {time.monotonic() - began:.1f} s, exits {crew.exits}", flush=True)
        turn += 1


def _lane_faults(run: Run, chance: random.Random) -> list[Fault]:
    crew = run.lanes

    def zombie() -> None:
        slot = crew.any_ready(chance)
        frozen = crew.freeze(slot)
        crew.start(slot)  # fences the frozen one
        crew.ready(slot)
        run.load.more(40)
        crew.thaw(slot, frozen, FENCED)

    plan: list[Fault] = [zombie, *_deaths(crew, chance, [f"ingest.{p}:{chance.randrange(1, 4)}" for p in LANE_POINTS])]
    chance.shuffle(plan)
    return plan


def _engine_faults(run: Run, chance: random.Random) -> list[Fault]:
    crew = run.engines

    def third_joins() -> None:
        if "2" not in crew.running:
            crew.start("2")

    def stop() -> None:
        slot = crew.any_ready(chance)
        frozen = crew.freeze(slot)
        crew.until(dropped(run.endpoints, ENGINE, f"engine-{slot}"), 40, "the session does not run out")
        crew.caught_up()  # the others have taken over
        crew.thaw(slot, frozen, FENCED, STUCK)
        crew.start(slot)

    def leave_and_join() -> None:
        slot = crew.any_ready(chance)
        crew.signal(slot, signal.SIGTERM)
        crew.ended(slot, 0, STUCK)
        run.load.more(40)
        crew.start(slot)

    points = [*(f"engine.{p}:{chance.randrange(1, 4)}" for p in ENGINE_POINTS), "engine.during_recovery"]
    plan: list[Fault] = [stop, leave_and_join, *_deaths(crew, chance, points)]
    chance.shuffle(plan)
    return [third_joins, *plan]


def _deaths(crew: Crew, chance: random.Random, points: list[str]) -> list[Fault]:
    """Twice: kill -9 at a moment of chance, then the successor at a place of choice; the place changes each time."""
    chance.shuffle(points)
    places = itertools.cycle(points)

    def die() -> None:
        slot = crew.any_ready(chance)
        crew.kill(slot)
        crew.fail_at(slot, next(places))
        crew.start(slot)

    return [die, die]


def _heal(run: Run) -> None:
    """Nobody is hurt any more: everything published is decided, and everybody goes in peace."""
    run.load.end()
    run.lanes.caught_up()
    run.load.publish([run.load.ledger.tick(tenant, 14 * 24 * HOUR) for tenant in DRIVEN])  # orphans' deadline
    run.lanes.caught_up()
    _dismiss(run.lanes, 0)
    run.engines.caught_up()
    _dismiss(run.engines, 0, STUCK)


def _dismiss(crew: Crew, *codes: int) -> None:
    for slot in sorted(crew.running):
        crew.ready(slot)
        crew.signal(slot, signal.SIGTERM)
    for slot in sorted(crew.running):
        crew.ended(slot, *codes)


def _decided(run: Run, slot: str) -> float:
    trade = run.engines.trade
    assert isinstance(trade, EngineTrade)
    run.engines.ready(slot)
    return trade.counters.total(slot, ENGINE_FACTS)


def _tell(run: Run, found: Evidence) -> None:
    kinds = Counter(f.kind for f in found.facts)
    print(f"published {len(run.load.ledger.sent)} (and {run.load.twice} twice), spine {dict(kinds)}")
    print(f"refused {dict(_reasons(found.facts))}")
    print(f"derived {dict(Counter(t for (t, _), out in found.live.items() for _ in out))}, snapshots {len(found.kept)}")
    print(f"seen uncommitted {dict(found.attempts)}; lanes {run.lanes.exits} {run.lanes.hits}")
    print(f"engines {run.engines.exits} {run.engines.hits}", flush=True)


def _reasons(facts: list[Fact]) -> Counter[str]:
    return Counter(str(f.data["reason"]) for f in facts if f.kind == "refusal")


def _happened(run: Run, found: Evidence, decided: dict[str, float]) -> None:
    """A green run in which nothing happened would say nothing."""
    assert set(run.lanes.exits) <= {-signal.SIGKILL, 0, FENCED}, run.lanes.exits
    assert set(run.engines.exits) <= {-signal.SIGKILL, 0, FENCED, STUCK}, run.engines.exits
    assert run.lanes.exits.count(-signal.SIGKILL) >= 4
    assert FENCED in run.lanes.exits, "no zombie of a lane was fenced"
    assert len(run.lanes.hits) >= 2
    assert run.engines.exits.count(-signal.SIGKILL) >= 4
    assert len(run.engines.hits) >= 2
    assert sorted(decided) == ["0", "1", "2"]
    assert all(decided.values()), decided
    assert run.load.twice > 0, "no publisher ever lost its acknowledgement"
    committed = Counter({"chain.facts.v1": len(found.facts)})
    committed.update({topic: 0 for topic, _ in found.live})
    for (topic, _), out in found.live.items():
        committed[topic] += len(out)
    assert found.attempts > committed, "no transaction was ever aborted"
    assert all(found.attempts[t] for t in committed if t not in QUIET), found.attempts
    assert {*_reasons(found.facts)} >= {"conflict", "orphan", "transition", "missing_field", "bad_frame"}
    assert sum(1 for (topic, _), out in found.live.items() if topic == "ops.alert.v1" and out) >= 2
    assert found.kept, "no snapshot was ever written"
    assert len({f.partition for f in found.facts if f.kind == "fact"}) == 8


def _all(running: list[Future[None]]) -> None:
    for one in running:
        one.result()
