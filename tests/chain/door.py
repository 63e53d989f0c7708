"""A lane of ingest on a real broker, and the eyes to see what it made of what was published."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Message, TopicPartition

from sharedchain.barrier import Barrier, Stage
from sharedchain.codec import Codec
from sharedchain.config import bundle
from sharedchain.endpoints import Endpoints
from sharedchain.fact import Fact
from sharedchain.kafka import create_topics, producer, quiet_consumer
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import PARTITIONS, SPINE
from sharedchain.spine import read_fact

_ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds until a condition that did not come is a failure

Headers = list[tuple[str, bytes | None]]


class Door:
    """Publishes raw bytes to domain topics and reads spine and dead letters of one broker."""

    def __init__(self, endpoints: Endpoints, folder: Path) -> None:
        self.endpoints, self.folder = endpoints, folder
        self.catalog = Catalog.load()
        self.codec = Codec(Registry(endpoints.registry), self.catalog)
        create_topics(endpoints, self.catalog)
        self._producer = producer(endpoints)
        self._barrier = Barrier(endpoints)
        self._eyes: dict[str, Eye] = {}
        self._facts: list[Fact] = []
        self.lanes: list[subprocess.Popen[bytes]] = []

    def configure(self) -> None:
        """Publish the configuration files, as the stack does before its programs start."""
        for item in bundle():
            self.publish("config.defined", item.said, tenant="")

    def start(
        self, *options: str, home: Path | None = None, env: Mapping[str, str] | None = None, script: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start lane 0, or `script` in its place; its stderr goes to `log()`."""
        with (self.folder / "ingest.log").open("ab") as log:
            program = [str(script)] if script else ["-m", "streams.ingest"]
            command = [sys.executable, *program, "--home", str(home or self.endpoints.home), *options]
            process = subprocess.Popen(command, cwd=_ROOT, stderr=log, env={**os.environ, **(env or {})})
        self.lanes.append(process)
        return process

    def log(self) -> str:
        return (self.folder / "ingest.log").read_text()

    def stop(self) -> None:
        """End every lane that was started here."""
        for lane in self.lanes:
            if lane.poll() is None:
                lane.send_signal(signal.SIGCONT)
                lane.terminate()
        for lane in self.lanes:
            lane.wait(30)

    def encode(self, kind: str, data: Mapping[str, Any]) -> bytes:
        own = self.catalog.types[kind]
        return self.codec.encode(own, {f["name"]: f.get("default") for f in own.schema["fields"]} | dict(data))

    def publish(self, kind: str, data: Mapping[str, Any], *, tenant: str, partition: int = 0, **said: str) -> str:
        """An event with our schema; the place it got."""
        headers = [(f"ce_{n}", v.encode()) for n, v in {"tenant": tenant, **said}.items() if v]
        return self.send(self.catalog.types[kind].topic, self.encode(kind, data), headers=headers, partition=partition)

    def send(
        self, topic: str, value: bytes | None, *, headers: Iterable[tuple[str, Any]] = (), key: bytes | None = None,
        partition: int = 0,
    ) -> str:  # fmt: skip
        """Bytes onto a topic; «topic/partition/offset» once every replica has them."""
        places: list[str] = []

        def done(error: Any, message: Any) -> None:
            places.append(str(error) if error else f"{topic}/{partition}/{message.offset()}")

        self._producer.produce(topic, value, key, partition, headers=list(headers), on_delivery=done)
        self._producer.flush()
        assert places[0].startswith(topic), places[0]
        return places[0]

    def hand(self, topic: str, value: bytes, *, headers: Iterable[tuple[str, Any]], partition: int) -> None:
        """Bytes onto a topic, without waiting; the next `send` waits for them too."""
        self._producer.produce(topic, value, None, partition, headers=list(headers))
        self._producer.poll(0)

    def settle(self, *topics: str, timeout: float = PATIENCE) -> None:
        """Return when the lane has decided what these topics hold now (none named: all)."""
        doors = topics or tuple(t.name for t in self.catalog.topics.values() if t.ingest)
        self._barrier.wait(Stage("chain.ingest.lane0", doors), time.monotonic() + timeout)

    def spine(self, tenant: str | None = None) -> list[Fact]:
        """Every committed spine record, of one tenant or of all, in spine order."""
        self._facts += [read_fact(self.codec, m) for m in self._eye(SPINE).look()]
        found = [f for f in self._facts if tenant is None or f.scope == tenant]
        return sorted(found, key=lambda f: (f.partition, f.offset))

    def letter(self, place: str) -> Message | None:
        """The dead letter of the record at `place`."""
        eye = self._eye(f"{place.split('/', 1)[0]}.dlq.v1")
        eye.look()
        found = [m for m in eye.seen if m.key() == place.encode()]
        assert len(found) < 2, f"{place} lies {len(found)} times in the dead letters"
        return found[0] if found else None

    def _eye(self, topic: str) -> Eye:
        if topic not in self._eyes:
            self._eyes[topic] = Eye(self.endpoints, topic)
        return self._eyes[topic]


class Eye:
    """Reads topics to their present end, again and again, from where it was; in order within a partition."""

    def __init__(self, endpoints: Endpoints, *topics: str) -> None:
        quick = {"enable.partition.eof": True, "fetch.wait.max.ms": 5}
        self._reader = quiet_consumer(endpoints, "sharedchain.door", **quick)
        known = self._reader.list_topics(timeout=PATIENCE).topics
        self._next = {(topic, partition): 0 for topic in topics for partition in known[topic].partitions}
        self.seen: list[Message] = []

    def look(self) -> list[Message]:
        """What is new; `seen` holds everything."""
        self._reader.assign([TopicPartition(*place, offset) for place, offset in self._next.items()])
        left, fresh = set(self._next), list[Message]()
        deadline = time.monotonic() + PATIENCE
        while left:
            assert time.monotonic() < deadline, f"{sorted(left)[:3]} could not be read to their end"
            for message in self._reader.consume(2000, 0.02):
                place = message.topic() or "", message.partition() or 0
                if message.error():
                    left.discard(place)
                else:
                    self._next[place] = (message.offset() or 0) + 1
                    fresh.append(message)
        self.seen += fresh
        return fresh


def until(true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait for a condition; its failure names it."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s for: {what}"
        time.sleep(0.05)


def sound(spine: list[Fact]) -> list[str]:
    """What is wrong with a whole spine: seq gaps, time that falls, ticks that do not rise, doubled facts."""
    wrong: list[str] = []
    for partition in range(PARTITIONS):
        own = [f for f in spine if f.partition == partition]
        if [f.seq for f in own] != list(range(1, len(own) + 1)):
            wrong.append(f"partition {partition}: seq is not gapless")
        for scope in {f.scope for f in own}:
            times = [f.recorded for f in own if f.scope == scope]
            if times != sorted(times):
                wrong.append(f"partition {partition}, scope {scope!r}: recorded time falls")
        numbers = [f.data["n"] for f in own if f.kind == "tick" and not f.scope]
        if any(b <= a for a, b in itertools.pairwise(numbers)):
            wrong.append(f"partition {partition}: ticks do not rise")
    names = [(f.scope, f.source, f.id) for f in spine if f.kind == "fact"]
    wrong += [f"{name} is a fact twice" for name in set(names) if names.count(name) > 1]
    return wrong
