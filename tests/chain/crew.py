"""Worker processes of a run: started, broken on purpose, seen to die, started again."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from confluent_kafka import KafkaException

from sharedchain.barrier import Barrier, NotSettled, Stage
from sharedchain.endpoints import Endpoints
from sharedchain.kafka import admin


class Trade(Protocol):
    """What the workers of a crew are, by slot."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What the crew must have passed to be caught up."""

    @property
    def excused(self) -> tuple[int, ...]:
        """Exit codes of a worker that judged itself too late, on a machine that stood still for seconds."""

    def command(self, slot: str) -> list[str]: ...

    def starting(self, slot: str) -> dict[str, str]:
        """Called before each start of the slot; what to add to its environment."""

    def joined(self, slot: str) -> bool:
        """Whether the worker that was started last takes part."""


@dataclass
class Crew:
    """Workers by slot. `exits` counts how each ended: −9 = SIGKILL, 0 = asked to, 70–73 = by itself."""

    endpoints: Endpoints
    trade: Trade
    folder: Path
    name: str = "worker"
    env: dict[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    exits: list[int] = field(default_factory=list)
    hits: list[str] = field(default_factory=list)  # failpoints at which a worker died
    deeds: list[str] = field(default_factory=list)  # what was done to the workers, in order

    _frozen: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _number = itertools.count()

    def start(self, slot: str, **env: str) -> subprocess.Popen[bytes]:
        own = self.trade.starting(slot)
        self.deeds.append(" ".join([f"start {slot}", *(f"{name}={value}" for name, value in env.items())]))
        with self._log(slot).open("ab") as log:
            self.running[slot] = subprocess.Popen(
                self.trade.command(slot),
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONFAULTHANDLER": "1", **self.env, **own, **env},
            )
        return self.running[slot]

    def any_ready(self, chance: random.Random) -> str:
        """A worker by chance, when it takes part."""
        slot = chance.choice(sorted(self.running))
        self.ready(slot)
        return slot

    def ready(self, slot: str) -> None:
        """Wait until the worker takes part."""
        self.until(lambda: self.trade.joined(slot), 40, f"{self.name} {slot} does not join")

    def fail_at(self, slot: str, failpoint: str) -> None:
        """Start with a failpoint, and return when the worker has died there."""
        log = self.folder / f"hit-{failpoint}-{next(self._number)}"
        for _ in range(3):
            self.start(slot, SHAREDCHAIN_FAILPOINT=failpoint, SHAREDCHAIN_FAILPOINT_LOG=str(log))
            if self.ended(slot, -signal.SIGKILL, *self.trade.excused) == -signal.SIGKILL:
                break
        name = failpoint.split(":", maxsplit=1)[0]
        assert name in log.read_text().split()
        self.hits.append(name)

    def signal(self, slot: str, sig: signal.Signals) -> None:
        self.deeds.append(f"{sig.name} {slot}")
        self.running[slot].send_signal(sig)

    def kill(self, slot: str) -> None:
        self.signal(slot, signal.SIGKILL)
        self.ended(slot, -signal.SIGKILL)

    def freeze(self, slot: str) -> subprocess.Popen[bytes]:
        """Stop the worker where it is, and take its slot away."""
        self.signal(slot, signal.SIGSTOP)
        frozen = self.running.pop(slot)
        self._frozen.append(frozen)
        until(lambda: state(frozen.pid) == "T", 10, f"{self.name} {slot} does not stop")
        return frozen

    def thaw(self, slot: str, frozen: subprocess.Popen[bytes], *codes: int) -> None:
        """Let a frozen worker go on, and see that it notices that its time is over."""
        self.deeds.append(f"SIGCONT {slot}")
        frozen.send_signal(signal.SIGCONT)
        self.over(slot, frozen, *codes)
        self._frozen.remove(frozen)

    def ended(self, slot: str, *codes: int, timeout: float = 40.0) -> int:
        """Wait until a worker has ended, and see that it ended as meant."""
        return self.over(slot, self.running.pop(slot), *codes, timeout=timeout)

    def over(self, slot: str, process: subprocess.Popen[bytes], *codes: int, timeout: float = 40.0) -> int:
        """The same of a process that gave up its slot before."""
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            before = self._log(slot).stat().st_size
            process.send_signal(signal.SIGABRT)  # faulthandler then tells where every thread stands
            process.wait()
            raise AssertionError(self._why(slot, f"does not end in {timeout:.0f} s", before)) from None
        self.exits.append(code)
        assert not codes or code in codes, self._why(slot, f"ended with {code}, not {codes}")
        return code

    def _why(self, slot: str, wrong: str, since: int | None = None) -> str:
        """What was asked before it went wrong, and the log, all of it from byte `since` on."""
        asked = ", ".join(self.deeds[-3:])
        return f"after {asked}: {self.name} {slot} {wrong}; exits {self.exits}\n{self.told(slot, since)}"

    def revive(self) -> None:
        """What the supervisor does: start again who ended by itself."""
        for slot, process in [*self.running.items()]:
            if process.poll() is not None:
                self.ended(slot)
                self.start(slot)

    def caught_up(self, timeout: float = 90.0) -> None:
        """Wait until everything that is there now is decided, reviving who falls."""
        deadline = time.monotonic() + timeout
        with Barrier(self.endpoints) as barrier:
            for stage in self.trade.stages:
                left = deadline - time.monotonic()
                self.until(partial(passed, barrier, stage, 0.5), left, f"{stage.group} is behind")

    def until(self, condition: Callable[[], object], timeout: float, otherwise: str) -> None:
        """Wait for a condition while the workers are kept alive."""

        def holds() -> object:
            self.revive()
            return condition()

        until(holds, timeout, otherwise)

    def told(self, slot: str, since: int | None = None) -> str:
        """The last 3,000 bytes of the log, and whatever came behind byte `since`."""
        log = self._log(slot).read_bytes()
        return log[max(0, (len(log) if since is None else since) - 3000) :].decode(errors="replace")

    def end(self) -> None:
        for process in [*self.running.values(), *self._frozen]:
            process.kill()
            process.wait()

    def _log(self, slot: str) -> Path:
        return self.folder / f"{self.name}-{slot}.log"


def passed(barrier: Barrier, stage: Stage, patience: float = 0.0) -> bool:
    """Whether the group has passed the end as it is now, within `patience` seconds."""
    try:
        barrier.wait(stage, time.monotonic() + patience)
    except (NotSettled, KafkaException):  # the position is not known while a transaction on it is open
        return False
    return True


def dropped(endpoints: Endpoints, group: str, instance: str) -> Callable[[], bool]:
    """Asks whether the group has given a static member up: its session has run out."""
    client = admin(endpoints)

    def gone() -> bool:
        asked: Any = client.describe_consumer_groups([group], request_timeout=5.0)
        return instance not in {member.group_instance_id for member in asked[group].result(10).members}

    return gone


def state(pid: int) -> str:
    """What Linux says of a process: R, S, T (stopped) …"""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def until(condition: Callable[[], object], timeout: float, otherwise: str) -> None:
    """Ask until it holds; fail with `otherwise` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
