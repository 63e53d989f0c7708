"""What runs in a home: HOME/run/state.json, written by the supervisor, read by everybody else."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel, ConfigDict

from sharedchain import private

_PATIENCE = 10.0  # seconds for the kernel to end what was killed

Phase = Literal["waiting", "starting", "ready", "backing off", "held", "done"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PartState(_Record):
    """One process. `born` is the kernel's start time of the pid: a pid alone may be another's by now."""

    name: str
    phase: Phase
    pid: int | None = None
    born: float | None = None
    port: int | None = None
    restarts: int = 0
    last_exit: int | None = None


class State(_Record):
    pid: int
    born: float
    ready: bool
    failed: str = ""  # why the start was given up
    seconds: float = 0.0  # from the start to ready
    parts: list[PartState]

    def part(self, name: str) -> PartState:
        return next(part for part in self.parts if part.name == name)

    def save(self, home: Path) -> None:
        private.write(_file(home), self.model_dump_json(indent=1))

    def alive(self) -> bool:
        """Whether the supervisor that wrote this still runs."""
        return is_alive(self.pid, self.born)


def load(home: Path) -> State | None:
    """The last state of `home`; None if nothing ever ran there."""
    try:
        return State.model_validate_json(_file(home).read_text())
    except FileNotFoundError:
        return None


def born(pid: int) -> float:
    return psutil.Process(pid).create_time()


def is_alive(pid: int, born_at: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - born_at) < 0.5 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_leftovers(home: Path) -> list[str]:
    """Kill what a supervisor that is gone left behind, and return the names."""
    state = load(home)
    if state is None or state.alive():
        return []
    left = [p for p in state.parts if p.pid and p.born and is_alive(p.pid, p.born)]
    for part in left:
        assert part.pid is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(part.pid)
            for one in [*process.children(recursive=True), process]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
    deadline = time.monotonic() + _PATIENCE
    while any(p.pid and p.born and is_alive(p.pid, p.born) for p in left) and time.monotonic() < deadline:
        time.sleep(0.02)
    return [part.name for part in left]


def _file(home: Path) -> Path:
    return home / "run" / "state.json"
