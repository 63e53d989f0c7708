"""Starts the parts in the order of their needs, restarts what dies, ends everything with itself.

`python -m deploy.local.supervisor --home DIR` runs the plan in DIR/run/plan.json until SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from prometheus_client import CollectorRegistry

from deploy.local import meters, parts, state
from deploy.local.home import open_home
from deploy.local.part import Part
from deploy.local.plan import Plan
from deploy.local.ports import Ports
from deploy.local.process import Guardian, spawn
from deploy.local.progress import teller
from deploy.local.state import PartState, Phase, State
from sharedchain import exposition
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError
from sharedchain.health import Health

_BEAT = 0.05  # seconds between two looks at the children
_BACKOFF = (0.2, 10.0)  # seconds before the first restart, and at most
_SETTLED = 30.0  # seconds alive after which a death counts as the first again
_GIVE_UP = 5  # deaths of one part before everything was ready once
_STILL = 60.0  # seconds without a look at the children: none of its questions waits longer
_LOG_LIMIT = 10_000_000  # bytes


@dataclass
class _Child:
    """One part and what became of it."""

    part: Part
    log: Path
    phase: Phase = "waiting"
    process: subprocess.Popen[bytes] | None = None
    born: float | None = None
    restarts: int = 0
    deaths: int = 0  # since it was last settled
    last_exit: int | None = None
    since: float = 0.0  # monotonic: start, or death
    alone: float = 0.0  # monotonic: when a need of it was last seen unmet, or its start

    def record(self) -> PartState:
        pid = self.process.pid if self.process else None
        return PartState(
            name=self.part.name, phase=self.phase, pid=pid, born=self.born, port=self.part.port,
            restarts=self.restarts, last_exit=self.last_exit,
        )  # fmt: skip


class Supervisor:
    """The loop. Its judgement is in `_step`; everything it touches are its children and the state file."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._children: dict[str, _Child] = {}
        self._guardian = Guardian()
        self._stopping = 0
        self._started = time.monotonic()
        self._ready_after: float | None = None
        self._failed = ""
        self._tell = teller()
        self._health = Health("supervisor", still=_STILL)

    def run(self, plan: Plan) -> int:
        """Until told to stop. 0: stopped on request; 1: the start was given up."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._signalled)
        try:
            self._write()
            self._build(plan)
            while not self._stopping and not self._failed:
                self._step()
                time.sleep(_BEAT)
        except SharedChainError as problem:
            self._failed = str(problem)
        if self._failed:
            self._tell("failed", "sharedchain", self._failed)
        self._stop_all()
        return 1 if self._failed else 0

    def _signalled(self, number: int, frame: object) -> None:
        self._stopping += 1

    def _build(self, plan: Plan) -> None:
        ports = Ports()
        self._ports = ports  # held as long as we live
        ends = parts.endpoints(self._home, plan, ports)
        ends.save()
        self._expose(ends)
        for part in parts.build(ends, plan, ports, self._tell):
            self._children[part.name] = _Child(part, self._home / "log" / f"{part.name}.log")
            self._step()  # the first parts start while the next ones are prepared

    def _expose(self, ends: Endpoints) -> None:
        registry = CollectorRegistry()
        registry.register(meters.Parts(self._home, lambda: [one.record() for one in list(self._children.values())]))
        self._health.waits = self._away
        exposition.serve(ends, self._health, registry=registry, program="supervisor")

    def _away(self) -> str:
        """The parts that are not ready; before the first time that all were: the start."""
        seen = [child.record() for child in list(self._children.values())]
        away = [f"{part.name} {part.phase}" for part in seen if part.phase not in ("ready", "done")]
        return ", ".join(away) or ("" if self._ready_after is not None else "it starts")

    def _step(self) -> None:
        self._health.beat()
        before = [child.record() for child in self._children.values()]
        for child in self._children.values():
            self._look(child)
        if self._ready_after is None and self._all_ready():
            self._ready_after = time.monotonic() - self._started
            self._write()
            self._tell("up", "sharedchain", self._home / "endpoints.json")
        elif before != [child.record() for child in self._children.values()]:
            self._write()

    def _all_ready(self) -> bool:
        built = set(self._children) == set(parts.names(Plan.load(self._home)))
        return built and all(child.phase in ("ready", "done") for child in self._children.values())

    def _look(self, child: _Child) -> None:
        name = child.part.name
        held = (self._home / "run" / "hold" / name).exists()
        if child.process and child.process.poll() is not None:
            self._ended(child, child.process.returncode)
        elif child.phase == "starting" and not child.part.once and child.part.ready():
            child.phase = "ready"
            self._tell("ready", name, f"127.0.0.1:{child.part.port}" if child.part.port else "")
        elif child.phase == "starting":
            self._expect(child)
        elif child.phase in ("waiting", "backing off", "held"):
            if held:
                child.phase = "held"
            elif self._due(child):
                self._start(child)
        elif child.phase == "ready" and child.deaths and time.monotonic() - child.since > _SETTLED:
            child.deaths = 0

    def _expect(self, child: _Child) -> None:
        """End what runs and will never be ready; it is started again as after a death."""
        if not self._met(child):
            child.alone = time.monotonic()
        elif child.process and child.part.patience is not None:
            patience = child.part.patience * 2**child.deaths
            if time.monotonic() - child.alone > patience:
                self._tell("stuck", child.part.name, patience)
                child.process.kill()
                child.alone = time.monotonic()  # its end is seen at one of the next looks

    def _met(self, child: _Child) -> bool:
        return all(n in self._children and self._children[n].phase in ("ready", "done") for n in child.part.needs)

    def _due(self, child: _Child) -> bool:
        if not child.part.early and not self._met(child):
            return False
        first, most = _BACKOFF
        pause = min(first * 2 ** (child.deaths - 1), most) if child.deaths else 0.0
        return time.monotonic() - child.since >= pause

    def _start(self, child: _Child) -> None:
        if child.log.exists() and child.log.stat().st_size > _LOG_LIMIT:
            child.log.replace(child.log.with_suffix(".log.1"))
        child.process = spawn(child.part.command, child.part.env, child.part.cwd, child.log)
        self._guardian.watch(child.process.pid)
        child.born = state.born(child.process.pid)
        if child.last_exit is not None:
            child.restarts += 1
        child.phase, child.since, child.alone = "starting", time.monotonic(), time.monotonic()
        self._tell("start", child.part.name)

    def _ended(self, child: _Child, code: int) -> None:
        child.process, child.born, child.last_exit = None, None, code
        child.since = time.monotonic()
        if child.part.once and code == 0:
            child.phase = "done"
            self._tell("done", child.part.name)
            return
        child.deaths += 1
        child.phase = "backing off"
        self._tell("died", child.part.name, code, child.log)
        if self._ready_after is None and child.deaths >= _GIVE_UP:
            self._failed = (
                f"{child.part.name} ended {child.deaths} times; last lines of {child.log}:\n{_tail(child.log)}"
            )

    def _stop_all(self) -> None:
        """Those that nobody needs first, each with its patience; a second signal ends the patience."""
        alive = {name: child for name, child in self._children.items() if child.process}
        while alive:
            needed = {need for child in alive.values() for need in child.part.needs}
            layer = [child for name, child in alive.items() if name not in needed] or list(alive.values())
            for child in layer:
                self._tell("stop", child.part.name)
                if child.process:
                    child.process.terminate()
            self._await(layer)
            for child in layer:
                child.process, child.phase = None, "waiting"
                del alive[child.part.name]
        self._write()
        self._guardian.close()
        self._tell("down", "sharedchain")

    def _await(self, layer: list[_Child]) -> None:
        asked = time.monotonic()
        patient = self._stopping
        while any(child.process and child.process.poll() is None for child in layer):
            for child in layer:
                late = time.monotonic() - asked > child.part.stop_seconds or self._stopping > max(patient, 1)
                if late and child.process and child.process.poll() is None:
                    child.process.kill()
            time.sleep(0.02)

    def _write(self) -> None:
        me = os.getpid()
        State(
            pid=me,
            born=state.born(me),
            ready=self._ready_after is not None and not self._stopping,
            failed=self._failed,
            seconds=round(self._ready_after or 0.0, 1),
            parts=[child.record() for child in self._children.values()],
        ).save(self._home)


def claim(home: Path) -> IO[str] | None:
    """The right to supervise this home, held while the file stays open; None if another process has it."""
    lock = (home / "run" / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def _tail(log: Path, lines: int = 8) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def supervise(home: Path) -> int:
    """Run the plan of `home` in this process. 2: it runs already."""
    lock = claim(home)
    if lock is None:
        return 2
    for name in state.kill_leftovers(home):
        teller()("leftovers", name)
    with lock:
        return Supervisor(home).run(Plan.load(home))


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m deploy.local.supervisor", description=__doc__)
    options.add_argument("--home", type=Path, required=True)
    sys.exit(supervise(open_home(options.parse_args().home)))
