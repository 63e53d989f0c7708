from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from sharedchain.failpoint import failpoint
for n in range(3):
    failpoint("between")
    failpoint("elsewhere")
    print(n, flush=True)
"""

AT_ONCE = """
import threading
from sharedchain.failpoint import failpoint
start = threading.Barrier(32)
for _ in range(32):
    threading.Thread(target=lambda: (start.wait(), failpoint("between"))).start()
"""


def run(log: Path, place: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    env = {"SHAREDCHAIN_FAILPOINT": place, "SHAREDCHAIN_FAILPOINT_LOG": str(log), "PYTHONPATH": "."}
    return subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("place", "printed"), [("between", ""), ("between:1", ""), ("between:3", "0\n1\n")])
def test_death_comes_at_the_named_place_once_and_is_written_down(tmp_path: Path, place: str, printed: str) -> None:
    log = tmp_path / "log"
    died = run(log, place)
    assert died.returncode == -signal.SIGKILL
    assert died.stdout == printed
    assert log.read_text() == "between\n"
    lived = run(log, place)
    assert (lived.returncode, lived.stdout) == (0, "0\n1\n2\n")


def test_a_process_may_die_at_one_place_after_the_other(tmp_path: Path) -> None:
    log, places = tmp_path / "log", "between:3,elsewhere:2"
    assert [run(log, places).returncode for _ in range(3)] == [-signal.SIGKILL, -signal.SIGKILL, 0]
    assert log.read_text() == "elsewhere\nbetween\n"


def test_another_name_kills_nobody(tmp_path: Path) -> None:
    assert run(tmp_path / "log", "nowhere").returncode == 0
    assert not (tmp_path / "log").exists()


def test_of_threads_that_come_at_once_one_dies_for_all(tmp_path: Path) -> None:
    for n in range(5):
        assert run(log := tmp_path / str(n), "between:2", AT_ONCE).returncode == -signal.SIGKILL
        assert log.read_text() == "between\n"
