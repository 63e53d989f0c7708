"""The chain in a home, for tests, demo and replay: start, break and stop it from Python."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from deploy.local import state
from deploy.local.home import open_home
from deploy.local.plan import ALL, Plan
from deploy.local.process import leashed
from deploy.local.state import State
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed

_PATIENCE = 300.0  # seconds: a first start fetches the Java parts, and machines may be busy


class Stack:
    """One home and its supervisor. Create and use it on the main thread: the supervisor ends with that thread.

    `parts` names what shall run (`deploy.local.plan.ALL`); `env` adds variables to single processes,
    such as {"ingest-0": {"SHAREDCHAIN_FAILPOINT": "ingest.before_commit"}}; `tell` hears the supervisor's lines;
    `connect` is an endpoints file: what it names is not started.
    """

    def __init__(
        self,
        home: Path,
        parts: tuple[str, ...] = ALL,
        engines: int = 1,
        ingests: int = 1,
        env: Mapping[str, Mapping[str, str]] | None = None,
        tell: Callable[[str], None] | None = None,
        connect: Path | None = None,
    ) -> None:
        self.home = home.resolve()
        self._tell = tell
        self._told = 0  # bytes of supervisor.log that `tell` has had
        own = {k: dict(v) for k, v in (env or {}).items()}
        self.plan = Plan.of(connect, parts=parts, engines=engines, ingests=ingests, env=own)
        self._supervisor: subprocess.Popen[bytes] | None = None

    def up(self) -> Endpoints:
        """Start everything and return when it is ready. Raises ConnectionFailed, with the reason, when it is not."""
        open_home(self.home)
        self.plan.save(self.home)
        with (self.home / "log" / "supervisor.log").open("ab") as log:
            self._told = log.tell()
            self._supervisor = subprocess.Popen(
                leashed([sys.executable, "-m", "deploy.local.supervisor", "--home", str(self.home)], signal.SIGTERM),
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait("the start", lambda now: now.ready)
        except ConnectionFailed:
            self.down()
            raise
        return Endpoints.load(self.home)

    def down(self) -> None:
        """Stop everything; afterwards no process of this home is left."""
        if self._supervisor and self._supervisor.poll() is None:
            self._supervisor.terminate()
            self._supervisor.wait(60)
        self._supervisor = None
        state.kill_leftovers(self.home)

    def __enter__(self) -> Endpoints:
        return self.up()

    def __exit__(self, *_: object) -> None:
        self.down()

    def state(self) -> State:
        """What runs now. Raises ConnectionFailed when nothing was ever started here."""
        now = state.load(self.home)
        if now is None:
            raise ConnectionFailed(f"{self.home}: nothing was started here; call up() first")
        return now

    def pid(self, name: str) -> int:
        """The pid of the running process `name`. Raises ConnectionFailed when it does not run now."""
        pid = self.state().part(name).pid
        if pid is None:
            raise ConnectionFailed(f"{name} does not run now; see {self.home}/log/{name}.log")
        return pid

    def kill(self, name: str, sig: signal.Signals = signal.SIGKILL) -> int:
        """Send `sig` to the process `name` and return its pid; the supervisor restarts it if it dies of it."""
        pid = self.pid(name)
        os.kill(pid, sig)
        return pid

    def restart(self, name: str, sig: signal.Signals = signal.SIGTERM) -> int:
        """End the process `name` by `sig`, wait until its successor is ready, and return the successor's pid."""
        old = self.kill(name, sig)
        self.wait_restarted(name, old)
        return self.pid(name)

    def wait_restarted(self, name: str, old: int) -> None:
        """Return when `name` is ready with another pid than `old`."""
        self._wait(
            f"the restart of {name}",
            lambda now: now.part(name).pid not in (None, old) and now.part(name).phase == "ready",
        )

    def stop(self, name: str, sig: signal.Signals = signal.SIGTERM) -> None:
        """End the process `name` and keep it from being restarted until start(name)."""
        self._hold(name).touch()
        if self.state().part(name).pid is not None:
            self.kill(name, sig)
        self._wait(f"the end of {name}", lambda now: now.part(name).phase == "held")

    def let(self, name: str) -> None:
        """Let a stopped process run again; whoever needs it ready calls `start`."""
        self._hold(name).unlink(missing_ok=True)

    def start(self, name: str) -> None:
        """Let a stopped process run again; return when it is ready."""
        self.let(name)
        self._wait(f"the start of {name}", lambda now: now.part(name).phase == "ready")

    def rss(self) -> dict[str, int]:
        """Bytes of resident memory of each running process, the supervisor included."""
        now = self.state()
        pids = {"supervisor": now.pid} | {p.name: p.pid for p in now.parts if p.pid}
        return {name: psutil.Process(pid).memory_info().rss for name, pid in pids.items()}

    def _hold(self, name: str) -> Path:
        return self.home / "run" / "hold" / name

    def _wait(self, what: str, until: Callable[[State], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            self._retell()
            gone = self._supervisor is not None and self._supervisor.poll() is not None
            now = state.load(self.home)
            mine = now is not None and (self._supervisor is None or now.pid == self._supervisor.pid)
            if now is not None and mine and until(now):
                return
            if gone:
                reason = now.failed if now and mine and now.failed else f"see {self.home}/log/supervisor.log"
                raise ConnectionFailed(f"{what} failed: {reason}")
            time.sleep(0.02)
        raise ConnectionFailed(f"{what} took more than {_PATIENCE:.0f} s; see {self.home}/log")

    def _retell(self) -> None:
        """Hand `tell` the whole lines that the supervisor has written since."""
        if self._tell is None:
            return
        with (self.home / "log" / "supervisor.log").open("rb") as log:
            log.seek(self._told)
            fresh = log.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._told += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            self._tell(line)
