"""Children that cannot outlive their supervisor, whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_HERE = Path(__file__).parent


def leashed(command: list[str], sig: signal.Signals) -> list[str]:
    """The command line that runs `command` so that it gets `sig` when the calling thread ends.

    Start children from the main thread: the death of another thread counts too.
    """
    return [sys.executable, "-I", "-S", str(_HERE / "leash.py"), str(int(sig)), str(os.getpid()), *command]


def spawn(command: list[str], env: Mapping[str, str], cwd: Path | None, log: Path) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own (Ctrl-C reaches the supervisor only), its output appended to `log`."""
    with log.open("ab") as out:
        return subprocess.Popen(
            leashed(command, signal.SIGKILL),
            env={**os.environ, **env},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


class Guardian:
    """A tiny process that holds one end of a pipe: when ours closes, it kills the sessions we named.

    The kernel's death signal reaches children only; their children are what this is for.
    """

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", str(_HERE / "guardian.py")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, text=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, session: int) -> None:
        """Kill the process group of this child when the supervisor ends, in whatever way."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{session}\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """Let it finish its work and end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
