"""What the shared chain of the stories goes through while the first of them is lived: three engine workers, each killed
at a place of its own and by kill -9 amid the largest steps, every other program at a place of its own; and two of the
workers leave when they are asked to, are missed for a while, and join again, under load."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx2

from deploy.local.stack import Stack
from sharedchain.endpoints import Endpoints

WORKERS = ("engine-0", "engine-1", "engine-2")
FAILPOINTS = {  # program → where it dies, and at which time
    "ingest-0": "ingest.before_commit:60",
    "engine-0": "engine.after_outputs:60",
    "engine-1": "engine.before_commit:60",
    "engine-2": "engine.after_step:60",
    "sink": "sink.after_insert:60",
    "notify": "notify.after_send:5",
}
KILLED = {"1": ("engine-0",), "7": ("engine-1", "ingest-0"), "41": ("engine-2",)}  # at the steps with most records
LEAVE, JOIN = {"8": "engine-2", "24": "engine-0"}, {"10": "engine-2", "33": "engine-0"}
POLICY = "attempts: 6\neach_minute: {}"  # seven companies ring at the same addresses: a minute is too short for them
_DECIDED = re.compile(r"^sharedchain_engine_facts_total\{.*\} (\S+)$", re.MULTILINE)
_RAISED = re.compile(r'^sharedchain_engine_derived_total\{type="alert.raised"\} (\S+)$', re.MULTILINE)


@dataclass
class Siege:
    """`rang`: the most alerts that a worker had raised at any time since a start of it; `again`: the most
    facts that one decided since it had joined again; `left`: how a worker ended that was asked to leave."""

    folder: Path
    rang: dict[str, float] = field(default_factory=lambda: dict.fromkeys(WORKERS, 0.0))
    again: dict[str, float] = field(default_factory=dict)
    left: dict[str, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = self.folder / "failpoints"
        log = {"SHAREDCHAIN_FAILPOINT_LOG": str(self.log)}
        env = {program: {"SHAREDCHAIN_FAILPOINT": place} | log for program, place in FAILPOINTS.items()}
        policy = self.folder / "policy.yaml"
        policy.write_text(POLICY, encoding="utf-8")
        env["notify"]["SHAREDCHAIN_NOTIFY_POLICY"] = str(policy)
        self.stack = Stack(self.folder / "home", engines=len(WORKERS), env=env)

    @property
    def strikes(self) -> dict[str, Callable[[], None]]:
        """What happens at which step of the story."""
        found: dict[str, Callable[[], None]] = {ref: partial(self._strike, them) for ref, them in KILLED.items()}
        found |= {ref: partial(self._leave, worker) for ref, worker in LEAVE.items()}
        return found | {ref: partial(self._join, worker) for ref, worker in JOIN.items()}

    def died_at(self) -> set[str]:
        """The places at which a program has died."""
        return set(self.log.read_text().split()) if self.log.exists() else set()

    def restarts(self) -> dict[str, int]:
        """How often each program was started again."""
        return {part.name: part.restarts for part in self.stack.state().parts}

    def look(self, endpoints: Endpoints) -> None:
        """See which workers have raised alerts; one that is dead at this moment says nothing."""
        for worker in WORKERS:
            try:
                page = httpx2.get(endpoints.metrics[worker].rstrip("/") + "/metrics", timeout=10).text
            except httpx2.HTTPError:
                continue
            self.rang[worker] = max(self.rang[worker], sum(map(float, _RAISED.findall(page))))
            if worker in self.again:
                self.again[worker] = max(self.again[worker], sum(map(float, _DECIDED.findall(page))))

    def _strike(self, victims: tuple[str, ...]) -> None:
        self.look(Endpoints.load(self.stack.home))
        for name in victims:
            self.stack.wait_restarted(name, 0)  # it may just have died at its failpoint
            self.stack.kill(name)

    def _leave(self, worker: str) -> None:
        """Asked by SIGTERM, with records of this step in flight; its partitions become the others'."""
        self.look(Endpoints.load(self.stack.home))
        self.stack.wait_restarted(worker, 0)
        self.stack.stop(worker)
        self.left[worker] = self.stack.state().part(worker).last_exit

    def _join(self, worker: str) -> None:
        """It comes when it comes: nobody waits for it, and the story goes on."""
        self.look(Endpoints.load(self.stack.home))
        self.again[worker] = 0.0
        self.stack.let(worker)
