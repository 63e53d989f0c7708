"""The supervisor, with the lightest part there is (and a program that cannot live)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.local import state
from deploy.local.home import open_home
from deploy.local.part import Part
from deploy.local.plan import Plan
from deploy.local.stack import Stack
from deploy.local.supervisor import Supervisor, _Child
from sharedchain.errors import ConnectionFailed

pytestmark = pytest.mark.slow
LIGHT = ("postbox",)
ROOT = Path(__file__).parents[2]

NewStack = Callable[..., Stack]


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition; fails at the deadline."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def family(stack: Stack) -> list[psutil.Process]:
    """The supervisor and everything below it."""
    top = psutil.Process(stack.state().pid)
    return [top, *top.children(recursive=True)]


def gone(processes: list[psutil.Process]) -> bool:
    return not any(state.is_alive(p.pid, p.create_time()) for p in processes if p.is_running())


def test_down_leaves_no_process(fresh_stack: NewStack) -> None:
    stack = fresh_stack(parts=LIGHT)
    stack.up()
    processes = family(stack)
    assert len(processes) >= 3  # supervisor, guardian, postbox
    stack.down()
    assert gone(processes)


def test_children_end_with_a_killed_supervisor(fresh_stack: NewStack) -> None:
    stack = fresh_stack(parts=LIGHT)
    stack.up()
    processes = family(stack)
    os.kill(stack.state().pid, signal.SIGKILL)
    until(lambda: gone(processes))


def test_grandchildren_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = "import subprocess; nest = subprocess.Popen(['sleep', '300']); print(nest.pid, flush=True); nest.wait()"
    program = f"""
import signal, sys
from pathlib import Path
from deploy.local.process import Guardian, spawn
guardian = Guardian()
guardian.watch(spawn([sys.executable, "-c", {child!r}], {{}}, None, Path({str(log)!r})).pid)
signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as supervisor:
        until(lambda: log.exists() and log.read_text().endswith("\n"))
        grandchild = psutil.Process(int(log.read_text()))
        supervisor.kill()
    until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_the_next_start_ends_what_was_left_behind(fresh_stack: NewStack, tmp_path: Path) -> None:
    stack = fresh_stack(parts=LIGHT)
    stack.up()
    stack.down()
    with subprocess.Popen(["sleep", "300"]) as orphan:  # as a supervisor on a kernel without death signals leaves it
        last = stack.state()
        left = last.parts[0].model_copy(update={"pid": orphan.pid, "born": state.born(orphan.pid)})
        last.model_copy(update={"parts": [left]}).save(stack.home)
        stack.up()
        assert orphan.wait(10) == -signal.SIGKILL


def test_a_killed_child_comes_back(fresh_stack: NewStack) -> None:
    stack = fresh_stack(parts=LIGHT)
    stack.up()
    old = stack.kill("postbox")
    stack.wait_restarted("postbox", old)
    assert stack.state().part("postbox").restarts == 1
    assert stack.state().part("postbox").last_exit == -signal.SIGKILL


def test_a_stopped_child_stays_away_until_it_is_started(fresh_stack: NewStack) -> None:
    stack = fresh_stack(parts=LIGHT)
    stack.up()
    stack.stop("postbox")
    assert stack.state().part("postbox").phase == "held"
    with pytest.raises(ConnectionFailed, match="does not run"):
        stack.pid("postbox")
    stack.start("postbox")
    assert stack.pid("postbox")


def test_the_start_is_given_up_when_a_part_cannot_live(fresh_stack: NewStack) -> None:
    stack = fresh_stack(parts=("sink",))  # without Kafka, registry and ClickHouse
    with pytest.raises(ConnectionFailed, match="sink ended 5 times"):
        stack.up()


def test_what_never_gets_ready_is_started_again(tmp_path: Path) -> None:
    """Its patience begins when its needs are met, and doubles with each end."""
    sleeps = [sys.executable, "-c", "import time; time.sleep(300)"]
    need = Part("need", sleeps, ready=lambda: met)
    stuck = Part("stuck", sleeps, ready=lambda: False, needs=("need",), early=True, patience=0.2)
    supervisor, met = Supervisor(tmp_path), False
    (tmp_path / "run").mkdir()
    family = {part.name: _Child(part, tmp_path / part.name) for part in (need, stuck)}
    supervisor._children.update(family)

    def seen(true: Callable[[], bool]) -> None:
        def look() -> bool:
            for child in family.values():
                supervisor._look(child)
            return true()

        until(look)

    def waited() -> float:
        return time.monotonic() - family["stuck"].since

    try:
        seen(lambda: family["stuck"].process is not None and waited() > 0.5)
        assert family["stuck"].restarts == 0
        met = True
        seen(lambda: family["stuck"].restarts == 1)
        seen(lambda: family["stuck"].restarts == 2 or waited() > 0.35)
        assert family["stuck"].restarts == 1
        seen(lambda: family["stuck"].restarts == 2)
    finally:
        supervisor._stop_all()


def test_two_homes_share_no_port(fresh_stack: NewStack) -> None:
    one, two = (fresh_stack(name, parts=LIGHT).up() for name in ("one", "two"))
    mine, theirs = (
        {e.kafka, e.registry, e.clickhouse.url, e.gateway, e.notify.smtp, e.notify.webhook} for e in (one, two)
    )
    assert not mine & theirs


def test_addresses_and_secrets_survive_a_restart(fresh_stack: NewStack) -> None:
    stack = fresh_stack(parts=LIGHT)
    first = stack.up()
    stack.down()
    assert stack.up() == first


def test_a_second_up_says_so(fresh_stack: NewStack) -> None:
    stack = fresh_stack(parts=LIGHT)
    stack.up()
    for command in (["-m", "deploy.local.supervisor"], ["-c", "from sharedchain.cli import main; main()", "up"]):
        asked = subprocess.run(
            [sys.executable, *command, "--home", stack.home], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert asked.returncode == 2


def test_ctrl_c_is_clean(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    Plan(parts=LIGHT).save(home)
    command = [sys.executable, "-m", "deploy.local.supervisor", "--home", str(home)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as supervisor:
        until(lambda: (now := state.load(home)) is not None and now.ready)
        supervisor.send_signal(signal.SIGINT)
        out, err = supervisor.communicate(timeout=60)
    assert (supervisor.returncode, err) == (0, "")
    assert all(len(line) <= 80 for line in out.splitlines() if "/" not in line)
