"""The chain under a bench: one embedded stack of its own, its programs, its barrier, its peers."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from confluent_kafka.cimpl import NewTopic

from bench.load import PARTITIONS
from bench.meter import Run
from deploy.local.stack import Stack
from sharedchain.barrier import CLICKHOUSE, ENGINE, Barrier, Stage
from sharedchain.codec import Codec
from sharedchain.fact import INGEST, KIND, SCOPE
from sharedchain.kafka import admin, consumer
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import PARTITIONS as SPINE_PARTITIONS
from sharedchain.scope import SPINE
from streams.tail import READER, records

PARTS = ("kafka", "registry", "clickhouse", "prepare", "ingest", "engine", "sink")
PATIENCE = 600.0  # seconds until something that did not come is a failure


class Chain:
    """Up after creation; `close` ends every process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = Stack(folder / "home", parts=PARTS)
        self.endpoints = self.stack.up()
        self.catalog = Catalog.load()
        self.codec = Codec(Registry(self.endpoints.registry), self.catalog)
        self._barrier = Barrier(self.endpoints)
        self._doors = tuple(t.name for t in self.catalog.topics.values() if t.ingest)

    def close(self) -> None:
        self._barrier.close()
        self.stack.down()

    def decided(self) -> None:
        """Return when all that was published is on the spine and decided by the engine."""
        deadline = time.monotonic() + PATIENCE
        self._barrier.wait(Stage("chain.ingest.lane0", self._doors), deadline)
        self._barrier.wait(Stage(ENGINE, (SPINE,)), deadline)

    def stored(self) -> None:
        """Return when the ClickHouse sink has passed the ends of spine and derived topics."""
        topics = (SPINE, "sales.forecast.live.v1", "ops.alert.v1", "ops.metric.v1")
        self._barrier.wait(Stage(CLICKHOUSE, topics), time.monotonic() + PATIENCE)

    def facts_of(self, scopes: list[str]) -> int:
        """Published events that are facts of these scopes, counted on the spine; what ingest derives is left out."""
        wanted, found = {s.encode() for s in scopes}, 0
        reader = consumer(self.endpoints, "bench.count", **READER)
        for partition in range(SPINE_PARTITIONS):
            for seen in records(reader, SPINE, partition, None):
                said = dict(seen.headers)
                published = said[KIND] == b"fact" and said["ce_source"] != INGEST.encode()
                found += published and said[SCOPE] in wanted
        reader.close()
        return found

    def topic(self, name: str) -> str:
        """A new topic for a peer."""
        client = admin(self.endpoints)
        for done in client.create_topics([NewTopic(name, PARTITIONS, 1)]).values():
            done.result(30)
        return name

    @contextlib.contextmanager
    def program(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A peer's process, ended with the block; its complaints go to peer.log."""
        with (self.folder / "peer.log").open("a") as log:
            command = [sys.executable, "-m", *words]
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=Path(__file__).parents[1]
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def told(self, check: Callable[[dict[str, float]], None], *words: str) -> Run:
        """Run a peer to its end and read what it says of itself."""
        with self.program(*words) as process:
            out, _ = process.communicate(timeout=PATIENCE)
            assert "{" in out, f"{words[0]} said nothing: {(self.folder / 'peer.log').read_text()[-2000:]}"
            said = json.loads(out[out.rindex("{") :])
        check(said)
        return Run(int(said["count"]), said["seconds"], said["cpu"], int(said["rss"]))
