"""A process that stands still for a moment, and goes on whatever becomes of us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sharedchain.errors import ConnectionFailed

LONGEST = 2.0  # seconds: a third of the sessions of those that wait for the broker
_HERE = Path(__file__).parent


@contextmanager
def still(pid: int, longest: float = LONGEST) -> Iterator[None]:
    """Within, no thread of `pid` runs: its files are those of one moment.

    Raises ConnectionFailed when it did not stand still all the time: what was read is then worth nothing.
    """
    command = [sys.executable, "-I", "-S", str(_HERE / "thaw.py"), str(pid), str(longest)]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    assert guard.stdin is not None
    assert guard.stdout is not None
    try:
        if guard.stdout.readline() != b"ready\n":  # from now on it will go on, also if we are killed
            raise ConnectionFailed(f"nobody can let process {pid} go on again: {command[0]} does not start")
        os.kill(pid, signal.SIGSTOP)
        _until_stopped(pid, longest)
        yield
        if not stopped(pid):
            raise ConnectionFailed(f"process {pid} went on before the cut was made ({longest:g} s): try again")
    except ProcessLookupError as gone:
        raise ConnectionFailed(f"process {pid} is gone: see `sharedchain status`, then try again") from gone
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)  # the guard does it too, if it lives: when memory is short, it may not
        guard.stdin.close()
        guard.wait()
        guard.stdout.close()


def stopped(pid: int) -> bool:
    """Whether every thread of `pid` stands still. Raises ProcessLookupError when it is gone."""
    try:
        return all(_state(task) in "Tt" for task in Path(f"/proc/{pid}/task").iterdir())
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None


def _until_stopped(pid: int, longest: float) -> None:
    deadline = time.monotonic() + longest
    while not stopped(pid):
        if time.monotonic() > deadline:
            raise ConnectionFailed(f"process {pid} does not stand still within {longest:g} s: try again")
        time.sleep(0.001)


def _state(task: Path) -> str:
    return (task / "stat").read_text().rpartition(")")[2].split()[0]
