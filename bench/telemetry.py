"""`python -m bench.telemetry [--readings N] [--rounds N] [--many 100]`: the telemetry lane, plain Faust, quixstreams.

Ours: decode, rule state in the lane's transactions, crossings told, and at the same time exactly-once minute rows in
ClickHouse: two processes on the same topic, from their first commits to the last reading, both CPUs counted.
The peers: decode and the rule only, one process, from its first message on, a part of the same topic where they need
long. Crossings and minutes are checked before a rate is told.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition

from bench import decode, environment
from bench.meter import Run, ratio, side, spread, times
from bench.table import Row, distance, render
from deploy.local.stack import Stack
from sharedchain import foreign
from sharedchain.barrier import Barrier, Stage
from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.envelope import Envelope
from sharedchain.kafka import consumer, create_topics, producer
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import SPINE, partition_of
from sharedchain.spine import spine_headers
from sharedchain.telemetry import TOPIC
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.store import connect

_TOLD, _LIMIT, _TENANT, _PATIENCE = "plant.reading.v1", 90, "default", 600.0
_OURS = {"streams.telemetry": "chain.telemetry", "sinks.telemetry": "chain.sink.telemetry"}
READINGS = 1_000_000
SOME = {"faust": 50_000, "quixstreams": 100_000}  # what a peer reads of them
NAMES = {"faust": "plain Faust", "quixstreams": "quixstreams"}
# (peer, many a message): floor and goal of design §8; where it has none, nobody is asked.
GOALS = {("faust", False): (20, 45), ("quixstreams", False): (3, 6), ("faust", True): (10, 20)}
UNLIKE = (
    "ours: two processes, from the later one's first commit on; state and crossings in one transaction, "
    "minutes in ClickHouse exactly once, every value checked; theirs: one process, from its first message on, a dict"
)


class Bench:
    """A broker, a registry and a ClickHouse of its own, with readings on the topic."""

    def __init__(self, folder: Path) -> None:
        self._stack = Stack(folder / "home", parts=("kafka", "registry", "clickhouse"))
        self.endpoints: Endpoints = self._stack.up()
        self.catalog = Catalog.load()
        self.codec = Codec(Registry.of(self.endpoints), self.catalog)
        create_topics(self.endpoints, self.catalog)
        migrate(self.endpoints.clickhouse)
        self._producer = producer(self.endpoints, linger_ms=20, queue_buffering_max_messages=500_000)
        self._moved = 0

    def close(self) -> None:
        self._stack.down()

    def publish(self, count: int, many: int) -> int:
        """`count` readings, `many` a message; how many crossings a dict finds in them."""
        kind = self.catalog.types["telemetry.readings" if many > 1 else "telemetry.reading"]
        hot: dict[tuple[str, str], bool] = {}
        crossed, now = 0, time.time_ns() // 1_000_000 - 3_600_000
        waiting: dict[int, list[dict[str, Any]]] = {}
        for n, one in enumerate(decode.readings(count)):
            said = one | {"at": now + n * 3_500_000 // count}
            key, over = (said["equipment_id"], said["metric"]), said["value"] > _LIMIT
            crossed, hot[key] = crossed + (over is not hot.get(key, False)), over
            partition = int(said["equipment_id"][3:]) % 8
            waiting.setdefault(partition, []).append(said)
            if len(waiting[partition]) == many:
                self._send(kind, partition, waiting.pop(partition))
        for partition, rest in waiting.items():
            self._send(kind, partition, rest)
        assert self._producer.flush(_PATIENCE) == 0
        return crossed

    def _send(self, kind: Any, partition: int, said: list[dict[str, Any]]) -> None:
        data = {"gateway_id": f"G{partition}", "readings": said} if kind.name.endswith("readings") else said[0]
        value = self.codec.encode(kind, data)
        while True:
            try:
                return self._producer.produce(TOPIC, value, partition=partition)
            except BufferError:
                self._producer.poll(0.05)

    def install(self) -> None:
        """The setpoints of every device, as accepted facts."""
        kind = self.catalog.types["master.equipment.upserted"]
        empty = dict.fromkeys(field["name"] for field in kind.schema["fields"])
        points = [
            {"parameter": metric, "value": Decimal(0), "tolerance": Decimal(_LIMIT), "unit": None}
            for metric in ("temperature", "pressure")
        ]
        for n in range(2000):
            name = f"EQ-{n:05}"
            said = Envelope(type=kind.name, id=name, source="bench", time=1, subject=name, tenant=_TENANT)
            headers = spine_headers(said, seq=n + 1, recorded=1, kind="fact", scope=_TENANT, src="x/0/0")
            value = self.codec.encode(kind, empty | {"equipment_id": name, "setpoints": points})
            where: list[tuple[str, str | bytes | None]] = [*headers]
            self._producer.produce(SPINE, value, partition=partition_of(_TENANT), headers=where)
        assert self._producer.flush(_PATIENCE) == 0

    def ours(self, count: int) -> Run:
        """Both programs, from the first position that the later one commits until all is judged and stored; from their
        start where one is half through by then."""
        env = {**os.environ, "SHAREDCHAIN_TELEMETRY_WINDOW": "86400"}
        command = [[sys.executable, "-m", module, "--home", str(self.endpoints.home)] for module in _OURS]
        programs = [subprocess.Popen(one, env=env, stderr=subprocess.DEVNULL) for one in command]
        watched = [psutil.Process(one.pid) for one in programs]
        before, began = [0.0] * len(programs), time.monotonic()
        try:
            with Barrier(self.endpoints) as barrier:
                if done := self._begun(count):
                    before, began = [sum(one.cpu_times()[:2]) for one in watched], time.monotonic()
                for group in _OURS.values():
                    barrier.wait(Stage(group, (TOPIC,)), time.monotonic() + _PATIENCE)
            seconds = time.monotonic() - began
            each = tuple(sum(one.cpu_times()[:2]) - cpu for one, cpu in zip(watched, before, strict=True))
            return Run(count - done, seconds, sum(each), sum(one.memory_info().rss for one in watched), each)
        finally:
            for one in programs:
                one.terminate()
            for one in programs:
                one.wait(60)

    def _begun(self, count: int) -> int:
        """Wait until both have committed something; how many readings the faster one has done by then, 0: too many."""
        places = [TopicPartition(TOPIC, p) for p in range(self.catalog.topics[TOPIC].partitions)]
        groups = [consumer(self.endpoints, group) for group in _OURS.values()]
        whole = sum(groups[0].get_watermark_offsets(place, timeout=30)[1] for place in places)
        deadline = time.monotonic() + _PATIENCE
        while True:
            done = [sum(max(p.offset, 0) for p in group.committed(places, timeout=30)) for group in groups]
            if min(done) > 0:
                break
            assert time.monotonic() < deadline, f"committed: {done} of {whole} records"
        for group in groups:
            group.close()
        return count * max(done) // whole if max(done) < whole / 2 else 0

    def check(self, count: int, crossed: int) -> None:
        """That every reading is in its minute, and every crossing was told."""
        with connect(self.endpoints.clickhouse) as client:
            ((stored,),) = client.query("SELECT sum(n) FROM telemetry_minute").result_rows
        assert stored == count, f"{count} readings published, {stored} in minutes"
        hot: dict[tuple[str, str], bool] = {}
        found = 0
        for value in self._log(_TOLD):
            said = self.codec.decode(_TOLD, value).data
            key, over = (said["equipment_id"], said["metric"]), said["value"] > _LIMIT
            found, hot[key] = found + (over is not hot.get(key, False)), over
        assert found == crossed, f"{crossed} crossings published, {found} told"

    def _log(self, topic: str) -> Iterator[bytes]:
        reader = consumer(self.endpoints, "bench.log", enable_partition_eof=True)
        places = sorted(reader.list_topics(topic, timeout=10).topics[topic].partitions)
        reader.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in places])
        while places:
            message = reader.poll(30)
            assert message is not None
            if error := message.error():
                assert error.code() == KafkaError._PARTITION_EOF, error
                places.remove(message.partition() or 0)
            else:
                value: Any = message.value()
                yield value
        reader.close()

    def peer(self, name: str, count: int, many: int, crossed: int | None) -> Run:
        """The first `count` readings by a peer in its own environment; `crossed`: what it must find, where known."""
        kind = self.catalog.types["telemetry.readings" if many > 1 else "telemetry.reading"]
        schema = json.dumps(foreign.plain(dict(kind.schema)))
        script = str(environment.PEERS / f"telemetry_{name}.py")
        command = [environment.python(name), script, self.endpoints.kafka, str(count), TOPIC, schema, str(_LIMIT)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=True)
        assert "{" in done.stdout, f"{name} said nothing: {done.stdout[-1000:]} {done.stderr[-2000:]}"
        said: dict[str, Any] = json.loads(done.stdout[done.stdout.rindex("{") :])
        assert crossed is None or said["crossed"] == crossed, f"{crossed} crossings, {name} found {said['crossed']}"
        return Run(int(said["count"]), said["seconds"], said["cpu"], int(said["rss"]))


def round_(readings: int, some: Mapping[str, int], many: int) -> dict[str, Run]:
    """One round on a stack of its own, the same bytes for all: us under "", peers by name, each as many as `some`."""
    with tempfile.TemporaryDirectory(prefix="bench-telemetry-") as folder:
        bench = Bench(Path(folder))
        try:
            bench.install()
            crossed = bench.publish(readings, many)
            found = {"": bench.ours(readings)}
            bench.check(readings, crossed)
            for name, count in some.items():
                all_ = count >= readings
                found[name] = bench.peer(name, min(count, readings), many, crossed if all_ else None)
            return found
        finally:
            bench.close()


def rows(readings: int, rounds: int, many: int = 1) -> list[Row]:
    """`readings` a round for us, SOME of them for each peer; `many` a message."""
    some = {name: count for name, count in SOME.items() if (name, many > 1) in GOALS}
    found = [round_(readings, some, many) for _ in range(rounds)]
    ours = [one[""] for one in found]
    split = " + ".join(spread([run.each[i] / run.count * 1e6 for run in ours], ".1f") for i in (0, 1))
    work = "telemetry: decode, rule state, alerts, exactly-once minutes"
    told = []
    for name in some:
        theirs, (floor, goal) = [one[name] for one in found], GOALS[name, many > 1]
        told.append(
            Row(
                work if many == 1 else f"{work}; messages of {many} readings",
                f"{side(ours)} (lane + minutes: {split})",
                f"{NAMES[name]}, decode + rule: {side(theirs)}",
                ratio(ours, theirs),
                f"{goal}× ({floor}×)",
                UNLIKE,
                distance(times(ours, theirs), floor, goal),
            )
        )
    return told


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.telemetry", description=__doc__)
    parser.add_argument("--readings", type=int, default=READINGS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--many", type=int, default=1, help="readings a message")
    asked = parser.parse_args()
    print(f"load {os.getloadavg()}", flush=True)
    print(render(rows(asked.readings, asked.rounds, asked.many)))
    print(f"load {os.getloadavg()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
