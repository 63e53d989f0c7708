"""How fast the engine's shell is around a toy core: `python -m bench.spine [FACTS] [SECONDS]`.

A backlog of the spine (a third of the facts cause an output), then the time from writing a fact to
reading its decision at 200 facts/s. One worker, one broker of its own, on whatever else runs here:
compare within one run, not with other days.
"""

from __future__ import annotations

import json
import secrets
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from deploy.local.stack import Stack
from sharedchain.endpoints import Endpoints
from sharedchain.kafka import consumer
from sharedchain.scope import PARTITIONS
from sharedchain.tail import READER, records
from tests.chain.crew import Crew
from tests.chain.test_seam import ToyTrade
from tests.chain.toy import SpineLane, Toy, step
from tests.chain.toy import read as read_fact

SCOPES = [f"tenant{n}" for n in range(24)]


def main(facts: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "home", parts=("kafka", "registry"))
        try:
            endpoints = stack.up()
            backlog(endpoints, Path(folder), facts)
            latency(endpoints, Path(folder), seconds)
        finally:
            stack.down()


def _run(endpoints: Endpoints, folder: Path) -> tuple[Toy, SpineLane, Crew]:
    toy = Toy(f"bench-{secrets.token_hex(3)}")
    toy.create(endpoints)
    return toy, SpineLane(endpoints, toy, SCOPES, 1), Crew(endpoints, ToyTrade(endpoints, toy, folder), folder)


def backlog(endpoints: Endpoints, folder: Path, facts: int) -> None:
    """Facts decided per second from a standing backlog, beside a mere replay of the same facts."""
    toy, lane, crew = _run(endpoints, folder)
    for _ in range(facts // 1000):
        lane.write(1000)
    worker = psutil.Process(crew.start("0").pid)
    seen: list[tuple[float, int, float, int]] = []
    asked = consumer(endpoints, toy.wiring.group)
    total = sum(lane.seq.values())
    while not seen or seen[-1][1] < total:
        cpu, rss = worker.cpu_times(), worker.memory_info().rss
        seen.append((time.monotonic(), _decided(asked, toy), cpu.user + cpu.system, rss))
        time.sleep(0.1)
    crew.end()
    timed = [s for s in seen if s[1] > total * 0.05]
    (t0, n0, c0, _), (t1, n1, c1, _) = timed[0], timed[-1]
    began = time.monotonic()
    reader = consumer(endpoints, f"{toy.run}.bench", **READER)
    outputs = 0
    for p in range(PARTITIONS):
        outputs += len(step({}, (read_fact(p, seen) for seen in records(reader, toy.wiring.spine, p, None)))[1])
    replay = total / (time.monotonic() - began)
    print(
        f"backlog: {total} facts, {outputs / total:.0%} with output: {(n1 - n0) / (t1 - t0):,.0f} facts/s live, "
        f"{replay:,.0f}/s replayed, {(c1 - c0) / (n1 - n0) * 1e6:.0f} CPU s/M, {max(s[3] for s in seen) >> 20} MiB",
        flush=True,
    )


def _decided(asked: object, toy: Toy) -> int:
    from confluent_kafka import Consumer, TopicPartition

    assert isinstance(asked, Consumer)
    places = [TopicPartition(toy.wiring.spine, p) for p in range(PARTITIONS)]
    return sum(json.loads(tp.metadata or '{"seq":0}')["seq"] for tp in asked.committed(places, timeout=30))


def latency(endpoints: Endpoints, folder: Path, seconds: float) -> None:
    """Milliseconds from before the transaction that writes a fact to its decision, read committed."""
    toy, lane, crew = _run(endpoints, folder)
    lane.write(50)
    worker = psutil.Process(crew.start("0").pid)
    crew.caught_up()
    sent, came, done = dict[str, float](), dict[str, float](), threading.Event()
    reading = threading.Thread(target=_read, args=(endpoints, toy, came, done))
    reading.start()
    began, cpu0 = time.monotonic(), sum(worker.cpu_times()[:2])
    while time.monotonic() - began < seconds:
        at, known = time.monotonic(), len(lane.ledger)
        lane.write(2, tick=len(lane.ledger) % 200 == 0)
        sent |= dict.fromkeys(lane.ledger[known:], at)
        time.sleep(max(0.0, began + len(sent) / 200 - time.monotonic()))
    cpu, rate = (sum(worker.cpu_times()[:2]) - cpu0) / (time.monotonic() - began), len(sent) / seconds
    crew.caught_up()
    done.set()
    reading.join()
    crew.end()
    waited = sorted((came[i] - sent[i]) * 1000 for i in came if i in sent)
    p50, p99 = statistics.median(waited), waited[int(len(waited) * 0.99)]
    print(
        f"latency at {rate:.0f}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {waited[-1]:.0f} ms "
        f"({len(waited)} decisions), worker {cpu:.0%} of a core",
        flush=True,
    )


def _read(endpoints: Endpoints, toy: Toy, came: dict[str, float], done: threading.Event) -> None:
    from confluent_kafka import OFFSET_BEGINNING, TopicPartition

    reader = consumer(endpoints, f"{toy.run}.bench", fetch_wait_max_ms=20)
    reader.assign([TopicPartition(toy.decisions, p, OFFSET_BEGINNING) for p in range(PARTITIONS)])
    while not done.is_set():
        message = reader.poll(0.1)
        if message is not None and message.error() is None:
            came.setdefault(json.loads(message.value() or b"{}")["causation"], time.monotonic())
    reader.close()


if __name__ == "__main__":
    said = [float(a) for a in sys.argv[1:]]
    main(int(said[0]) if said else 200_000, said[1] if said[1:] else 30.0)
