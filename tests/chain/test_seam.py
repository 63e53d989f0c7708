"""The seam holds under fire: what the engine decides live is what a replay of the spine decides.

Real Kafka, real Faust workers around a toy core. SEAM_SEED repeats a run, SEAM_ROUNDS makes it longer.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka.cimpl import NewTopic

from sharedchain.barrier import Barrier, Stage
from sharedchain.endpoints import Endpoints
from sharedchain.kafka import consumer, make_topics, transactional_producer
from sharedchain.tail import READER, records
from streams import snapshot
from streams.lanes import FENCED, GAP
from streams.watchdog import STUCK
from tests.chain.crew import Crew, dropped, passed, state, until
from tests.chain.toy import CORE, Found, SpineLane, Toy, faults, look, read, step

pytestmark = pytest.mark.stack

SCOPES = [f"tenant{n}" for n in range(12)]  # over seven of the eight partitions
FAILPOINTS = [
    "engine.after_step:2",
    "engine.after_outputs:3",
    "engine.before_commit:2",
    "engine.after_commit:3",
    "engine.during_recovery",
]


@pytest.fixture
def toy(broker: Endpoints) -> Toy:
    run = Toy(f"toy-{secrets.token_hex(4)}")
    run.create(broker)
    return run


@pytest.fixture
def crew(broker: Endpoints, toy: Toy, tmp_path: Path) -> Iterator[Crew]:
    people = Crew(broker, ToyTrade(broker, toy, tmp_path), tmp_path)
    yield people
    people.end()


@dataclass(frozen=True)
class ToyTrade:
    """Workers of toy_worker.py."""

    endpoints: Endpoints
    toy: Toy
    folder: Path
    excused: tuple[int, ...] = (STUCK,)

    @property
    def stages(self) -> tuple[Stage, ...]:
        return (Stage(self.toy.wiring.group, (self.toy.wiring.spine,)),)

    def command(self, slot: str) -> list[str]:
        worker = str(Path(__file__).with_name("toy_worker.py"))
        own = [sys.executable, worker, str(self.endpoints.home), self.toy.run, slot]
        return [*own, "worker", "--without-web", "-l", "warn"]

    def starting(self, slot: str) -> dict[str, str]:
        self._flag(slot).unlink(missing_ok=True)
        return {"TOY_READY": str(self._flag(slot))}

    def joined(self, slot: str) -> bool:
        return self._flag(slot).exists()

    def _flag(self, slot: str) -> Path:
        return self.folder / f"ready-{slot}"


class Load(threading.Thread):
    """Writes the spine, some 150 facts/s with aborts and deaths of its own, until told to stop."""

    def __init__(self, lane: SpineLane) -> None:
        super().__init__(daemon=True)
        self.lane = lane
        self.stop = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stop.wait(0.05):
                self.lane.write(self.lane.random.randrange(1, 15), faulty=True)
        except BaseException as error:
            self.failure = error

    def end(self) -> None:
        self.stop.set()
        self.join(30)
        assert self.failure is None, self.failure

    def more(self, facts: int) -> None:
        """Wait until so many more facts are on the spine."""
        target = len(self.lane.ledger) + facts
        until(lambda: len(self.lane.ledger) >= target, 30, "the load stands still")


def test_live_is_replay_under_kills_stops_joins_and_leaves(broker: Endpoints, toy: Toy, crew: Crew) -> None:
    seed = int(os.environ.get("SEAM_SEED") or secrets.randbelow(10**6))
    print(f"SEAM_SEED={seed}")
    chance = random.Random(seed)
    load = Load(SpineLane(broker, toy, SCOPES, seed))
    crew.start("0")
    load.start()
    try:
        crew.caught_up()
        for _ in range(int(os.environ.get("SEAM_ROUNDS", "1"))):
            for fault in _round(crew, chance):
                load.more(chance.randrange(1, 60))
                began = time.monotonic()
                print(f"{fault.__name__}: {len(load.lane.ledger)} facts, workers {[*crew.running]}", flush=True)
                fault()
                crew.caught_up()
                print(f"  healed after {time.monotonic() - began:.1f} s, exits {crew.exits}", flush=True)
    finally:
        load.end()
    crew.caught_up()
    for slot in sorted(crew.running):
        crew.ready(slot)
        crew.signal(slot, signal.SIGTERM)
        crew.ended(slot, 0, STUCK)

    found = look(broker, toy)
    assert faults(found, load.lane.ledger) == []
    assert _recovered(broker, toy) == found.states
    print(f"decisions {sum(map(len, found.decided.values()))}, seen uncommitted {found.attempts}")
    assert load.lane.aborted > 0
    assert 0 in crew.exits
    assert crew.exits.count(-signal.SIGKILL) >= 2 * len(FAILPOINTS)
    assert sum(1 for out in found.decided.values() if out) >= 3
    assert _deciders(broker, toy) >= {"0", "1"}


def _round(crew: Crew, chance: random.Random) -> list[Callable[[], None]]:
    """One of everything, in an order of chance; worker 1 joins first, so that somebody can take over."""

    def stop() -> None:
        slot = crew.any_ready(chance)
        frozen = crew.freeze(slot)
        gone = dropped(crew.endpoints, crew.trade.stages[0].group, f"engine-{slot}")
        crew.until(gone, 40, "the session does not run out")
        crew.caught_up()  # the others have taken over
        crew.thaw(slot, frozen, FENCED, STUCK)  # fenced, or its watchdog was first
        crew.start(slot)

    def leave_and_join() -> None:
        slot = crew.any_ready(chance)
        crew.signal(slot, signal.SIGTERM)
        crew.ended(slot, 0, STUCK)
        crew.caught_up()
        crew.start(slot)

    def fail(failpoint: str) -> Callable[[], None]:
        def at() -> None:  # killed at a moment of chance, then at a place of choice
            slot = crew.any_ready(chance)
            crew.kill(slot)
            crew.fail_at(slot, failpoint)
            crew.start(slot)

        return at

    def join() -> None:
        if "1" not in crew.running:
            crew.start("1")

    rest = [stop, leave_and_join, *map(fail, FAILPOINTS)]
    chance.shuffle(rest)
    return [join, *rest]


def _recovered(broker: Endpoints, toy: Toy) -> dict[int, bytes]:
    """The state that a successor starts with: the newest snapshot, folded on."""
    reader = consumer(broker, f"{toy.run}.check", **READER)
    states = {}
    for p in range(8):
        kept = snapshot.load(reader, toy.wiring.snapshots, p, CORE.version, 2**62)
        state = CORE.load(kept.body) if kept else CORE.new()
        tail = [read(p, seen) for seen in records(reader, toy.wiring.spine, p, kept.offset if kept else None)]
        states[p] = CORE.dump(step(state, tail)[0])
    reader.close()
    return states


def _deciders(broker: Endpoints, toy: Toy) -> set[str]:
    reader = consumer(broker, f"{toy.run}.check", **READER)
    seen = [seen for p in range(8) for seen in records(reader, toy.decisions, p, None)]
    reader.close()
    return {dict(s.headers)["by"].decode() for s in seen}


# --- red twins: one mechanism taken away, and the checks say so ---


def _judge(broker: Endpoints, toy: Toy, lane: SpineLane) -> tuple[Found, list[str]]:
    found = look(broker, toy)
    return found, faults(found, lane.ledger)


def test_twin_outputs_outside_the_transaction_are_seen_twice(broker: Endpoints, toy: Toy, crew: Crew) -> None:
    crew.env["TOY_TWIN"] = "loose_outputs"
    lane = SpineLane(broker, toy, SCOPES, 1)
    lane.write(200)
    crew.fail_at("0", "engine.after_outputs:2")
    crew.start("0")
    crew.caught_up()
    _, told = _judge(broker, toy, lane)
    assert any("seen twice" in t for t in told), told


def test_twin_uncommitted_reads_decide_on_aborted_records(broker: Endpoints, toy: Toy, crew: Crew) -> None:
    crew.env["TOY_TWIN"] = "dirty_reads"
    lane = SpineLane(broker, toy, SCOPES, 2)
    for _ in range(40):
        lane.write(20, faulty=True)
    assert lane.aborted > 0
    crew.start("0")
    crew.until(lambda: GAP in crew.exits or _wrong(broker, toy, lane), 60, "nothing went wrong")


def _wrong(broker: Endpoints, toy: Toy, lane: SpineLane) -> bool:
    return any("wrong" in t and ", 0 wrong" not in t for t in _judge(broker, toy, lane)[1])


@pytest.mark.parametrize("fenced", [True, False], ids=["fenced", "twin-unfenced"])
def test_a_zombie_that_wakes_up_cannot_write(broker: Endpoints, toy: Toy, crew: Crew, fenced: bool) -> None:
    crew.env["TOY_TWIN"] = "zombie" if fenced else "unfenced_zombie"
    lane = SpineLane(broker, toy, SCOPES, 3)
    flag = crew.folder / "stopped"
    frozen = crew.start("0", TOY_STOP=str(flag))
    lane.write(200)
    load = Load(lane)  # commits go on until the third
    load.start()
    until(lambda: flag.exists() and state(frozen.pid) == "T", 30, "worker 0 did not stop itself")
    load.end()
    crew.running.pop("0")
    crew.start("1")
    crew.caught_up()
    frozen.send_signal(signal.SIGCONT)
    crew.running["0"] = frozen
    if fenced:
        crew.ended("0", FENCED)
        crew.caught_up()
    else:
        until(lambda: _judge(broker, toy, lane)[1], 30, "the zombie did no harm")
    told = _judge(broker, toy, lane)[1]
    assert (told == []) if fenced else any("seen twice" in t for t in told), told


@pytest.mark.parametrize("twin", ["waits", "starts"])
def test_a_worker_that_cannot_leave_ends_itself(broker: Endpoints, toy: Toy, crew: Crew, twin: str) -> None:
    crew.env["TOY_TWIN"] = twin
    SpineLane(broker, toy, SCOPES, 4).write(20)
    crew.start("0")
    crew.ready("0")
    crew.caught_up()
    crew.signal("0", signal.SIGTERM)
    crew.ended("0", STUCK)
    assert "asked to stop" in crew.told("0")


def test_a_worker_that_stood_still_while_it_started_ends_itself(broker: Endpoints, toy: Toy, crew: Crew) -> None:
    """Else it would join anew, and live on with lanes that others may have held."""
    crew.env["TOY_TWIN"] = "starts"
    crew.start("0")
    crew.ready("0")
    frozen = crew.freeze("0")
    until(dropped(broker, toy.wiring.group, "engine-0"), 40, "the session does not run out")
    crew.thaw("0", frozen, STUCK)


@pytest.mark.parametrize("twin", ["", "stock_commits"], ids=["ours", "twin-stock"])
def test_the_position_of_a_plain_agent_reaches_the_end(broker: Endpoints, tmp_path: Path, twin: str) -> None:
    topic, events, flag = f"plain-{secrets.token_hex(4)}", 300, tmp_path / "handled"
    make_topics(broker, [NewTopic(topic, 1, 1)])
    _in_small_transactions(broker, topic, events)
    command = [sys.executable, str(Path(__file__).with_name("plain_worker.py")), str(broker.home), topic, str(events)]
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [*command, str(flag), "worker", "--without-web", "-l", "warn"],
            stdout=log, stderr=log, env={**os.environ, "TOY_TWIN": twin},
        )  # fmt: skip
    try:
        until(flag.exists, 40, "the plain worker did not handle everything")
        with Barrier(broker) as barrier:
            assert passed(barrier, Stage(f"{topic}.group", (topic,))) == (twin == "")
    finally:
        worker.kill()
        worker.wait()


def _in_small_transactions(broker: Endpoints, topic: str, events: int) -> None:
    """Two events a transaction: each leaves a marker, a gap in the offsets."""
    producer = transactional_producer(broker, f"{topic}.writer")
    producer.init_transactions(30)
    for n in range(0, events, 2):
        producer.begin_transaction()
        for nth in (n, n + 1):
            producer.produce(topic, str(nth).encode(), partition=0)
        producer.commit_transaction(30)
