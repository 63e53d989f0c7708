"""Every live process: what it exposes is what the page lists, and its /readyz turns red for the right reason."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from deploy.local.stack import Stack
from deploy.pages.metrics import CLIENT, PROGRAMS, rows
from sharedchain.endpoints import Endpoints

pytestmark = [pytest.mark.slow, pytest.mark.stack]
FOLLOWERS = ("ingest-0", "engine-0", "sink", "notify")
_FAMILY = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)
_PATIENCE = 60.0  # seconds


@pytest.fixture(scope="module")
def chain(stack: Endpoints) -> Stack:
    """The whole chain; every peer that is taken away comes back, and all is ready again afterwards."""
    return Stack(stack.home)


def doors(ends: Endpoints) -> dict[str, str]:
    return {**ends.metrics, "gateway": ends.gateway}


def ready(ends: Endpoints, program: str) -> tuple[int, dict[str, Any]]:
    answer = httpx2.get(f"{doors(ends)[program]}/readyz", timeout=10, trust_env=False)
    return answer.status_code, answer.json()


def missing(ends: Endpoints, program: str) -> set[str]:
    """What it says is not there; its code agrees, and who is not ready is alive all the same."""
    code, said = ready(ends, program)
    assert (code, said["ready"]) == ((503, False) if said["missing"] else (200, True))
    assert httpx2.get(f"{doors(ends)[program]}/healthz", timeout=10, trust_env=False).status_code == 200
    return set(said["missing"])


def until(holds: Callable[[], bool], what: str, patience: float = _PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, what


def all_ready(ends: Endpoints) -> bool:
    try:
        return all(not missing(ends, program) for program in doors(ends))
    except httpx2.TransportError:
        return False  # one ended itself, and is started again


def test_everything_is_alive_and_ready(chain: Stack) -> None:
    ends = Endpoints.load(chain.home)
    assert {program.partition("-")[0] for program in doors(ends)} == set(PROGRAMS)
    until(lambda: all_ready(ends), "not all are ready")


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_process_exposes_is_what_the_page_lists(chain: Stack, program: str) -> None:
    ends = Endpoints.load(chain.home)
    (url,) = (url for name, url in doors(ends).items() if name.partition("-")[0] == program)
    said = _FAMILY.findall(httpx2.get(f"{url}/metrics", timeout=10, trust_env=False).text)
    exposed = {(name, kind) for name, kind in said if not name.startswith(CLIENT) and not name.endswith("_created")}
    assert exposed == {(row.name, row.kind) for row in rows() if program in row.programs}


def test_without_registry_and_clickhouse_each_names_what_it_needs(chain: Stack) -> None:
    ends = Endpoints.load(chain.home)
    both = {"registry", "clickhouse"}
    wanted = {"ingest-0": {"registry"}, "engine-0": {"registry"}, "notify": {"registry"}, "sink": both, "gateway": both}
    for part in both:
        chain.stop(part, signal.SIGKILL)
    try:
        for program, away in wanted.items():
            until(lambda program=program, away=away: missing(ends, program) == away, program)  # type: ignore[misc]
        code, said = ready(ends, "supervisor")
        assert (code, said["missing"]) == (503, {"follows": "registry held, clickhouse held"})
    finally:
        (chain.home / "run" / "hold" / "clickhouse").unlink()  # it starts beside the registry
        chain.start("registry")
        chain.start("clickhouse")
    until(lambda: all_ready(ends), "not ready again")


def test_a_frozen_broker_is_named_within_seconds_by_all(chain: Stack) -> None:
    ends = Endpoints.load(chain.home)
    programs = (*FOLLOWERS, "gateway")

    def all_name_it() -> bool:  # an answer may be a second old: the peers are asked once for all who ask
        with ThreadPoolExecutor(len(programs)) as pool:
            told = pool.map(lambda program: ready(ends, program), programs)
            return all((code, set(said["missing"])) == (503, {"kafka"}) for code, said in told)

    chain.kill("kafka", signal.SIGSTOP)
    try:
        until(all_name_it, "not all name it", 10)
    finally:
        chain.kill("kafka", signal.SIGCONT)
    until(lambda: all_ready(ends), "not ready again")


def test_a_frozen_process_does_not_answer_and_is_the_only_one(chain: Stack) -> None:
    """The one thing that /healthz is for: who does not answer, or says that its loop stands, is to be restarted."""
    ends = Endpoints.load(chain.home)
    chain.kill("notify", signal.SIGSTOP)
    try:
        with pytest.raises(httpx2.TimeoutException):
            httpx2.get(f"{ends.metrics['notify']}/healthz", timeout=1, trust_env=False)
        assert missing(ends, "sink") == set()
    finally:
        chain.kill("notify", signal.SIGCONT)
