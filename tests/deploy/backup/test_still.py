"""A process that stands still goes on again, whatever becomes of whoever stopped it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.backup.still import still, stopped
from sharedchain.errors import ConnectionFailed
from tests.chain.crew import until

BUSY = "import threading,itertools\nfor _ in range(3): threading.Thread(target=lambda: all(itertools.count(1))).start()"
HOLDER = """
import sys
from deploy.local.backup.still import still
with still(int(sys.argv[1]), 30):
    print("holds", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def busy() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    yield process.pid
    process.kill()
    process.wait()


def test_within_no_thread_runs_and_afterwards_all_do(busy: int) -> None:
    with still(busy):
        assert stopped(busy)
    until(lambda: not stopped(busy), 5, "it does not go on")


def test_it_goes_on_when_the_holder_is_killed(busy: int) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(busy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"holds\n"
    assert stopped(busy)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    until(lambda: not stopped(busy), 5, "it does not go on")


def test_who_takes_too_long_is_told(busy: int) -> None:
    def slow() -> None:
        with still(busy, 0.2):
            until(lambda: not stopped(busy), 5, "it does not go on by itself")

    with pytest.raises(ConnectionFailed, match="went on before the cut was made"):
        slow()


def test_one_that_is_gone_is_told() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with pytest.raises(ConnectionFailed, match="is gone"), still(gone.pid):
        pass


def test_without_a_guard_nothing_is_stopped(busy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where memory is short: the helper does not come up."""
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(ConnectionFailed, match="does not start"), still(busy):
        pass
    assert not stopped(busy)


def test_it_goes_on_when_only_the_guard_is_killed(busy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *said: Any, **more: Any) -> None:
            super().__init__(*said, **more)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    with still(busy):
        started[0].kill()
        started[0].wait()
    until(lambda: not stopped(busy), 5, "it does not go on")
