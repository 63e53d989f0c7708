"""The chain under a bench: one embedded stack of its own, its programs, its barrier, its peers."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from confluent_kafka.cimpl import NewTopic

from bench import environment
from bench.load import PARTITIONS
from bench.meter import Run
from deploy.local.stack import Stack
from sharedchain.barrier import CLICKHOUSE, ENGINE, Barrier, Stage
from sharedchain.codec import Codec
from sharedchain.fact import INGEST, KIND, SCOPE
from sharedchain.kafka import consumer, make_topics
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import PARTITIONS as SPINE_PARTITIONS
from sharedchain.scope import SPINE
from sharedchain.tail import READER, records

PARTS = ("kafka", "registry", "clickhouse", "prepare", "ingest", "engine", "sink")
_ROOT = Path(__file__).parents[1]
PATIENCE = 600.0  # seconds until something that did not come is a failure


class Chain:
    """Up after creation; `close` ends every process. `python`: where the interpreter of a peer is."""

    def __init__(
        self,
        folder: Path,
        parts: tuple[str, ...] = PARTS,
        python: Callable[[str], str] = environment.python,
        engines: int = 1,
    ) -> None:
        self.folder, self.python = folder, python
        self.stack = Stack(folder / "home", parts=parts, engines=engines)
        self.endpoints = self.stack.up()
        self.catalog = Catalog.load()
        self._registry = Registry(self.endpoints.registry)
        self.codec = Codec(self._registry, self.catalog)
        self._barrier = Barrier(self.endpoints)
        self._doors = tuple(t.name for t in self.catalog.topics.values() if t.ingest)

    def close(self) -> None:
        self._barrier.close()
        self.stack.down()

    def decided(self) -> None:
        """Return when all that was published is on the spine and decided by the engine."""
        self.ingested()
        self.judged()

    def ingested(self, patience: float = PATIENCE) -> None:
        """Return when all that was published is on the spine, or refused."""
        self._barrier.wait(Stage("chain.ingest.lane0", self._doors), time.monotonic() + patience)

    def judged(self, patience: float = PATIENCE) -> None:
        """Return when the engine has decided all of the spine."""
        self._barrier.wait(Stage(ENGINE, (SPINE,)), time.monotonic() + patience)

    def stored(self, patience: float = PATIENCE) -> None:
        """Return when the ClickHouse sink has passed the ends of spine and derived topics."""
        topics = (SPINE, "sales.forecast.live.v1", "ops.alert.v1", "ops.metric.v1")
        self._barrier.wait(Stage(CLICKHOUSE, topics), time.monotonic() + patience)

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
        """A new topic for a peer, each of its partitions led."""
        make_topics(self.endpoints, [NewTopic(name, PARTITIONS, 1)])
        return name

    def schemas(self, values: Iterable[bytes]) -> str:
        """A file with the Avro schemas that wrote these values, by their ids: what a peer decodes with."""
        numbers = {int.from_bytes(value[1:5], "big") for value in values}
        found = {number: json.loads(self._registry.schema_by_id(number)) for number in numbers}
        path = self.folder / "schemas.json"
        path.write_text(json.dumps(found))
        return str(path)

    def peer(self, name: str, script: str, *words: str) -> list[str]:
        """The command of a peer's script in its own environment."""
        return [self.python(name), str(environment.PEERS / script), *words]

    @contextlib.contextmanager
    def program(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """A peer's process, ended with the block; its complaints go to peer.log."""
        with (self.folder / "peer.log").open("a") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=_ROOT)
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def told(self, check: Callable[[dict[str, float]], None], *command: str) -> Run:
        """Run a peer to its end and read what it says of itself."""
        with self.program(*command) as process:
            out, _ = process.communicate(timeout=PATIENCE)
            assert "{" in out, f"{command[1]} said nothing: {(self.folder / 'peer.log').read_text()[-2000:]}"
            said = json.loads(out[out.rindex("{") :])
        check(said)
        return Run(int(said["count"]), said["seconds"], said["cpu"], int(said["rss"]))
