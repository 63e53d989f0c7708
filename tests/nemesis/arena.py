"""What is broken: three brokers, a registry and a ClickHouse behind a proxy, and every program of ours."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
from confluent_kafka import KafkaException

from deploy.local.ports import Ports
from deploy.local.stack import Stack
from deploy.theirs import brokers, grants
from deploy.theirs.cluster import Cluster
from sharedchain.barrier import ENGINE
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.scope import SPINE
from tests.nemesis import clock
from tests.nemesis.proxy import Proxy
from tests.nemesis.schedule import CLOCKED
from tests.nemesis.unarmed import BENT, environment

ENGINES, LANES = 2, 2
_PATIENCE = 180.0  # seconds for a part to be there again
_WAIT = 3.0  # seconds for an answer of the brokers
_SESSION = "6"  # seconds of a worker's session: what a lost one costs the others


# Rates would only make us wait; and the load rings R-06 for every second forecast: the inbox may hear all of it.
_POLICY = """\
attempts: 6
each_minute: {EMAIL: 100000, IM: 100000}
mutes:
  - {rule_id: R-06, channel: EMAIL, until: 2099-01-01T00:00:00Z, reason: too many}
  - {rule_id: R-06, channel: IM, until: 2099-01-01T00:00:00Z, reason: too many}
"""
_LISTENERS = ("clients", "internal", "controller")
# The role of a broker → the topic whose leader has it.
_LED = {"leader": SPINE, "coordinator": "__consumer_offsets", "transactions": "__transaction_state"}


class Arena:
    """All of it in one folder. Use it on the main thread: processes end with the thread that started them.
    `twins`: mechanisms that the programs are without (`tests/nemesis/unarmed.py`)."""

    def __init__(self, folder: Path, twins: tuple[str, ...] = ()) -> None:
        self.proxy = Proxy()
        self.cluster = Cluster(folder / "theirs", before=self._outside)
        self.folder, self._twins = folder, twins
        self._open: list[Callable[[], None]] = [self.proxy.close, self.cluster.down]
        self._ports = Ports()
        self.most: dict[str, int] = {}  # program → bytes of memory, at most
        self._over = threading.Event()

    def __enter__(self) -> Endpoints:
        try:
            return self._up()
        except BaseException:
            self.__exit__()
            raise

    def _up(self) -> Endpoints:
        file = self.cluster.up()
        policy = self.folder / "policy.yaml"
        policy.write_text(_POLICY)
        env = environment(self._twins, self.folder)
        for name in CLOCKED:
            clock.turn(self._clock(name), 0)
            env[name] = {**env.get(name, {}), **BENT, "NEMESIS_CLOCK": str(self._clock(name))}
        for slot in range(ENGINES):
            env.setdefault(f"engine-{slot}", {})["SHAREDCHAIN_ENGINE_SESSION"] = _SESSION
        env.setdefault("notify", {})["SHAREDCHAIN_NOTIFY_POLICY"] = str(policy)
        self.stack = Stack(self.folder / "home", engines=ENGINES, ingests=LANES, connect=file, env=env)
        self._open.append(self.stack.down)
        self.endpoints = self.stack.up()
        inside = brokers.bootstrap(json.loads((self.folder / "theirs" / "ports.json").read_text()), "internal")
        self._admin = grants.administrator(inside, self.folder / "theirs" / "certificates")
        self._scales = threading.Thread(target=self._weigh, daemon=True)
        self._scales.start()
        return self.endpoints

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.proxy.heal()
        while self._open:
            self._open.pop()()

    def _outside(self, at: dict[str, int]) -> dict[str, int]:
        shown = [f"{brokers.name(n)}.{listener}" for n in brokers.NUMBERS for listener in _LISTENERS]
        shown += ["registry", "clickhouse"]
        return at | self.proxy.before({name: at[name] for name in shown})

    def _weigh(self) -> None:
        """Every second, whatever runs then."""
        while not self._over.wait(1.0):
            with suppress(psutil.Error, ConnectionFailed, ValueError):
                for name, size in self.stack.rss().items():
                    self.most[name] = max(size, self.most.get(name, 0))

    # -- who is it now ---------------------------------------------------------------------------------------

    def broker(self, role: str, chance: int) -> str:
        """The broker that has this role now; `chance` chooses where several have it."""
        if role == "controller":
            return brokers.name(self._controller())
        if role in _LED:
            places = self._admin.list_topics(timeout=_WAIT).topics[_LED[role]].partitions
            chosen = _hashed(ENGINE) if role == "coordinator" else chance
            return brokers.name(places[chosen % len(places)].leader)
        return brokers.name(brokers.NUMBERS[chance % len(brokers.NUMBERS)])

    def _controller(self) -> int:
        """Who leads the quorum, by the newest vote that any broker has written down."""
        votes = (self.cluster.folder / brokers.name(n) / "data" / "__cluster_metadata-0" for n in brokers.NUMBERS)
        said = [json.loads((vote / "quorum-state").read_text()) for vote in votes]
        return int(max((one for one in said if one["leaderId"] > 0), key=lambda one: one["leaderEpoch"])["leaderId"])

    def short(self) -> list[str]:
        """Partitions with a replica that is not in sync."""
        try:
            topics = self._admin.list_topics(timeout=_WAIT).topics
        except KafkaException as error:
            return [str(error)]
        found = [(t, p) for t, topic in topics.items() for p in topic.partitions.values()]
        return [f"{t}/{p.id}" for t, p in found if len(p.isrs) < len(p.replicas)]

    # -- programs --------------------------------------------------------------------------------------------

    def up(self, name: str) -> int:
        """The pid of a program of ours, when it runs and its supervisor calls it ready."""
        self.until(lambda: self.ready(name), f"{name} is not ready")
        return self.stack.pid(name)

    def ready(self, name: str) -> bool:
        """Whether it runs and its supervisor calls it ready."""
        now = self.stack.state()
        assert now.alive(), f"the supervisor has ended; see {self.folder}/home/log/supervisor.log"
        return now.part(name).phase == "ready"

    def send(self, name: str, sig: signal.Signals) -> int:
        """Signal a program that is up; its pid."""
        pid = self.stack.pid(name)
        os.kill(pid, sig)
        return pid

    def rival(self, lane: str) -> subprocess.Popen[bytes]:
        """A second process for a lane that runs: somebody's mistake, or a machine that was thought dead."""
        number, port = lane.rpartition("-")[2], self._ports.take()
        command = [sys.executable, "-m", "streams.ingest", "--home", str(self.endpoints.home)]
        with (self.folder / "rival.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--lane", number, "--lanes", str(LANES)],
                stdout=log,
                stderr=log,
                env={**os.environ, "SHAREDCHAIN_CONNECT": "", "SHAREDCHAIN_METRICS_PORT": str(port)},
            )

    def turn_clock(self, name: str, seconds: float) -> None:
        """Let the wall of a program run ahead or behind."""
        clock.turn(self._clock(name), seconds)

    def _clock(self, name: str) -> Path:
        return self.folder / f"clock-{name}"

    # -- parts of others -------------------------------------------------------------------------------------

    def fill(self, name: str) -> None:
        """As long as this process lives, no file of it may grow."""
        psutil.Process(self.cluster.pid(name)).rlimit(psutil.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def until(self, holds: Callable[[], object], otherwise: str, patience: float = _PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < deadline, f"{otherwise} after {patience:.0f} s; see {self.folder}"
            time.sleep(0.05)


def _hashed(group: str) -> int:
    """As Kafka chooses the partition of a group: Java's hash of its name, without the sign."""
    value = 0
    for letter in group:
        value = (31 * value + ord(letter)) & 0xFFFFFFFF
    return value & 0x7FFFFFFF
