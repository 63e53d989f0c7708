"""Worker processes of a toy run: started, broken on purpose, seen to die, started again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaException

from sharedchain.barrier import Barrier, NotSettled, Stage
from sharedchain.endpoints import Endpoints
from streams.watchdog import STUCK
from tests.chain.toy import Toy

_WORKER = Path(__file__).with_name("toy_worker.py")


@dataclass
class Crew:
    """Workers by slot. `exits` counts how each ended: −9 = SIGKILL, 0 = asked to, 70–73 = by itself."""

    endpoints: Endpoints
    toy: Toy
    folder: Path
    twin: str = ""  # which mechanism toy_worker.py replaces
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    exits: list[int] = field(default_factory=list)

    def start(self, slot: str, **env: str) -> subprocess.Popen[bytes]:
        self._ready(slot).unlink(missing_ok=True)
        command = [sys.executable, str(_WORKER), str(self.endpoints.home), self.toy.run, slot]
        with (self.folder / f"worker-{slot}.log").open("ab") as log:
            self.running[slot] = subprocess.Popen(
                [*command, "worker", "--without-web", "-l", "warn"],
                stdout=log,
                stderr=log,
                env={**os.environ, "TOY_TWIN": self.twin, "TOY_READY": str(self._ready(slot)), **env},
            )
        return self.running[slot]

    def _ready(self, slot: str) -> Path:
        return self.folder / f"ready-{slot}"

    def any_ready(self, chance: random.Random) -> str:
        """A worker by chance, when it is a member of its group."""
        slot = chance.choice(sorted(self.running))
        self.ready(slot)
        return slot

    def ready(self, slot: str) -> None:
        """Wait until the worker is a member of its group."""
        self.until(self._ready(slot).exists, 40, f"worker {slot} does not join")

    def fail_at(self, slot: str, failpoint: str) -> None:
        """Start with a failpoint, and return when the worker has died there."""
        log = self.folder / f"hit-{failpoint}"
        for _ in range(3):  # on a machine that stands still for seconds the watchdog may be first
            self.start(slot, SHAREDCHAIN_FAILPOINT=failpoint, SHAREDCHAIN_FAILPOINT_LOG=str(log))
            if self.ended(slot, -signal.SIGKILL, STUCK) != STUCK:
                break
        assert failpoint.split(":", maxsplit=1)[0] in log.read_text().split()

    def signal(self, slot: str, sig: signal.Signals) -> None:
        self.running[slot].send_signal(sig)

    def ended(self, slot: str, *codes: int, timeout: float = 40.0) -> int:
        """Wait until a worker has ended, and see that it ended as meant."""
        code = self.running.pop(slot).wait(timeout)
        self.exits.append(code)
        assert not codes or code in codes, f"worker {slot} ended with {code}, not {codes}: {self.told(slot)}"
        return code

    def revive(self) -> None:
        """What the supervisor does: start again who ended by itself."""
        for slot, process in [*self.running.items()]:
            if process.poll() is not None:
                self.ended(slot)
                self.start(slot)

    def caught_up(self, timeout: float = 45.0) -> None:
        """Wait until everything on the spine now is decided, reviving who falls."""
        stage = Stage(self.toy.wiring.group, (self.toy.wiring.spine,))
        with Barrier(self.endpoints) as barrier:
            self.until(lambda: passed(barrier, stage), timeout, "the engine is behind")

    def until(self, condition: Callable[[], object], timeout: float, otherwise: str) -> None:
        """Wait for a condition while the workers are kept alive."""

        def holds() -> object:
            self.revive()
            return condition()

        until(holds, timeout, otherwise)

    def told(self, slot: str) -> str:
        return (self.folder / f"worker-{slot}.log").read_text()[-3000:]

    def end(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()


def passed(barrier: Barrier, stage: Stage) -> bool:
    try:
        barrier.wait(stage, time.monotonic())
    except (NotSettled, KafkaException):  # the position is not known while a transaction on it is open
        return False
    return True


def until(condition: Callable[[], object], timeout: float, otherwise: str) -> None:
    """Ask until it holds; fail with `otherwise` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
