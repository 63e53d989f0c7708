"""The whole second set in one folder: started, broken and stopped from Python. It restarts nothing by itself."""

from __future__ import annotations

import base64
import json
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import yaml
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.part import Part
from deploy.local.ports import Ports
from deploy.local.process import Guardian, spawn
from deploy.rights import user
from deploy.theirs import brokers, certificates, grants, peers
from sharedchain.endpoints import PROGRAMS
from sharedchain.errors import ConnectionFailed
from sharedchain.schemas import Catalog

_PATIENCE = 240.0  # seconds for all of it to answer; a first start fetches the Java parts
_LISTENERS = ("clients", "internal", "controller")
_STORE = ("clickhouse-owner", "clickhouse-reader", "registry")


class Cluster:
    """Theirs, in `folder`. Create and use it on the main thread: its processes end with that thread. `before` is given
    where the parts listen (name → port) and says where clients find them: the ports of a proxy."""

    def __init__(
        self,
        folder: Path,
        tell: Callable[[str], None] = lambda line: None,
        before: Callable[[dict[str, int]], dict[str, int]] = lambda at: at,
    ) -> None:
        self.folder = folder.resolve()
        self.endpoints = self.folder / "endpoints.yaml"
        self._tell, self._before = tell, before
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._parts: dict[str, Part] = {}
        self._guardian = Guardian()
        self._ports = Ports()

    def up(self) -> Path:
        """Start everything; the endpoints file, when all of it answers. Raises ConnectionFailed."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / "log").mkdir(exist_ok=True)
        if not (self.folder / "certificates" / "ca.pem").exists():
            certificates.write(self.folder / "certificates")
        at = self._addresses()
        outside = self._before(at)
        passwords = {name: self._secret(name) for name in (*PROGRAMS, *_STORE)}
        for part in [*peers.clickhouse(self.folder, at), peers.registry(self.folder, at, passwords["registry"])]:
            self.start(part.name, part)
        for part in brokers.brokers(self.folder, at, self._identity(), outside):
            self.start(part.name, part)
        client = grants.administrator(brokers.bootstrap(at, "internal"), self.folder / "certificates")
        self._until(lambda: _count(client) == len(brokers.NUMBERS), "three brokers")
        grants.grant(client, {name: passwords[name] for name in PROGRAMS}, Catalog.load())
        self._until(lambda: all(part.ready() for part in self._parts.values()), "every part")
        self.endpoints.write_text(self._written(outside))
        return self.endpoints

    def start(self, name: str, part: Part | None = None) -> None:
        """Start a part that does not run (again)."""
        self._parts[name] = part = part or self._parts[name]
        self._tell(f"{name}: 127.0.0.1:{part.port}")
        process = spawn(part.command, part.env, part.cwd, self.folder / "log" / f"{name}.log")
        self._guardian.watch(process.pid)
        self._running[name] = process

    def kill(self, name: str, sig: signal.Signals = signal.SIGKILL) -> None:
        """End a part by a signal; it is gone when this returns."""
        process = self._running.pop(name)
        process.send_signal(sig)
        process.wait()

    def pid(self, name: str) -> int:
        """The process of a part that runs."""
        return self._running[name].pid

    def ready(self, name: str) -> bool:
        """Whether a part that was started answers."""
        return self._parts[name].ready()

    def down(self) -> None:
        """Stop everything: brokers need each other to the end, so all at once."""
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + 5  # then they are killed: they are as good as a killed cluster anyway
        for process in self._running.values():
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        self._guardian.close()

    def __enter__(self) -> Path:
        return self.up()

    def __exit__(self, *_: object) -> None:
        self.down()

    def dead(self) -> list[str]:
        """The parts that ended by themselves."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not holds():
            if gone := self.dead():
                raise ConnectionFailed(f"{gone[0]} ended; see {self.folder}/log/{gone[0]}.log")
            if time.monotonic() > deadline:
                raise ConnectionFailed(f"{what} did not answer in {_PATIENCE:.0f} s; see {self.folder}/log")
            time.sleep(0.05)

    def _addresses(self) -> dict[str, int]:
        """The ports of the last start; they must be free, since the brokers' disks know them."""
        file = self.folder / "ports.json"
        names = [f"{brokers.name(number)}.{listener}" for number in brokers.NUMBERS for listener in _LISTENERS]
        names += ["registry", "registry.management", "clickhouse", "clickhouse.plain"]
        had: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        taken = {name: self._ports.take(had.get(name)) for name in names}
        if had and (moved := [str(had[name]) for name in names if taken[name] != had[name]]):
            raise ConnectionFailed(f"the ports {', '.join(moved)} of {self.folder} are taken: end who holds them")
        file.write_text(json.dumps(taken, indent=1))
        return taken

    def _identity(self) -> str:
        file = self.folder / "cluster-id"
        if not file.exists():  # never a dash in front, which a command line would take for an option
            file.write_text("C" + base64.urlsafe_b64encode(secrets.token_bytes(16)).decode()[1:22])
        return file.read_text()

    def _secret(self, name: str) -> str:
        """The password of a user, made once, for its reader only."""
        room = self.folder / "secrets"
        room.mkdir(mode=0o700, exist_ok=True)
        file = room / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(24) + "\n")
        return file.read_text().strip()

    def _written(self, at: dict[str, int]) -> str:
        """The endpoints file, as `docs/connect.md` has it."""
        users = {name: {"user": user(name), "password": {"file": f"secrets/{name}"}} for name in PROGRAMS}
        ca = "certificates/ca.pem"
        said = {
            "kafka": {
                "bootstrap": brokers.bootstrap(at),
                "security": "SASL_SSL",
                "ca": ca,
                "mechanism": "SCRAM-SHA-512",
                "replication": 3,
                "users": users,
            },
            "registry": {
                "url": peers.registry_url(at),
                "ca": ca,
                "user": "sharedchain",
                "password": {"file": "secrets/registry"},
            },
            "clickhouse": {
                "url": f"https://127.0.0.1:{at['clickhouse']}",
                "ca": ca,
                "user": "owner",
                "password": {"file": "secrets/clickhouse-owner"},
                "users": {"gateway": {"user": "reader", "password": {"file": "secrets/clickhouse-reader"}}},
            },
        }
        return yaml.safe_dump(said, sort_keys=False)


def _count(client: AdminClient) -> int:
    try:
        return len(client.list_topics(timeout=2.0).brokers)
    except KafkaException:
        return 0
