"""The whole embedded chain: what it costs, and what status and doctor say of it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy.local import state
from deploy.local.doctor import examine
from deploy.local.status import look
from sharedchain.endpoints import Endpoints

pytestmark = [pytest.mark.slow, pytest.mark.stack]
LIMIT = int(2.5 * 2**30)  # bytes


def test_it_fits(stack: Endpoints, capsys: pytest.CaptureFixture[str]) -> None:
    seen = look(stack.home, time.time())
    with capsys.disabled():
        print(f"\n{seen.table()}\nstarted in {_state(stack).seconds} s (a fresh home)")
    assert seen.ready
    assert sum(row.bytes for row in seen.rows) <= LIMIT


def test_status_fits_a_terminal(stack: Endpoints) -> None:
    lines = look(stack.home, time.time()).table().splitlines()
    assert max(map(len, lines[:-1])) <= 80  # the last one holds the path of the home


def test_status_is_readable_by_machines(stack: Endpoints) -> None:
    program = [sys.executable, "-c", "from sharedchain.cli import main; main()"]
    command = [*program, "status", "--json", "--home", str(stack.home)]
    asked = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    said = json.loads(asked.stdout)
    assert said["ready"]
    assert {row["name"] for row in said["rows"]} == {"supervisor", *(part.name for part in _state(stack).parts)}


def test_the_doctor_finds_nothing(stack: Endpoints) -> None:
    """But for the dead letters that other tests on this stack sent on purpose."""
    found = [finding for finding in examine(stack.home) if not finding.ok]
    assert [finding.line() for finding in found if finding.check != "letters"] == []


def test_the_doctor_says_what_is_wrong(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    bad = {finding.check: finding for finding in examine(tmp_path) if not finding.ok}
    assert set(bad) == {"home", "endpoints"}
    assert "chmod 700" in bad["home"].mend()
    assert "sharedchain up" in bad["endpoints"].mend()


def test_every_socket_is_on_loopback(stack: Endpoints) -> None:
    top = psutil.Process(_state(stack).pid)
    ips = {
        listening.laddr.ip
        for process in (top, *top.children(recursive=True))
        for listening in process.net_connections("inet")
        if listening.status == psutil.CONN_LISTEN
    }
    assert ips <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def _state(endpoints: Endpoints) -> state.State:
    now = state.load(endpoints.home)
    assert now is not None
    return now
