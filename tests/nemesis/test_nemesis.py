"""The chain on three brokers under a short schedule of faults; and the judge, which must be able to say no.

NEMESIS_SEED repeats a schedule (its choices, not its timing); NEMESIS_SECONDS makes it longer. `make nemesis`: an hour.
"""

from __future__ import annotations

import os
from math import inf
from pathlib import Path

import pytest

from deploy.audit import examine
from deploy.demo.found import client
from tests.census import used
from tests.nemesis.arena import Arena
from tests.nemesis.checks import in_flight, verdicts
from tests.nemesis.damages import DAMAGES
from tests.nemesis.run import run, seed_of
from tests.nemesis.schedule import schedule

# Not in `make test` before this form, whose clocks jump and whose faults overlap, was seen green three times.
pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.long]
_SECONDS, _PACE = 60.0, 5.0  # one round: every family


def test_nothing_is_lost_or_doubled_and_the_judge_can_say_no(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    used(request, ("kafka", "registry", "clickhouse"))
    seed = seed_of(os.environ.get("NEMESIS_SEED", ""))
    print(f"NEMESIS_SEED={seed}", flush=True)
    doubled: list[int] = []
    seconds = float(os.environ.get("NEMESIS_SECONDS") or _SECONDS)
    faults = schedule(seed, seconds, _PACE)
    found, judged = run(
        tmp_path, seed, faults, inf, lambda line: print(line, flush=True), lambda a: doubled.append(_again(a))
    )

    assert [verdict.line() for verdict in judged if verdict.wrong] == []
    assert len(found.strikes) == len(faults)
    assert len(in_flight(found.strikes, found.spans)) * 5 >= len(found.strikes) * 4, "too little was in flight"
    assert doubled[0] > 0, "a row that stands twice is no mismatch"
    for name, damage in DAMAGES.items():
        assert [v.name for v in verdicts(damage(found)) if v.wrong and v.name.startswith(name)], name


def _again(arena: Arena) -> int:
    """The mismatches that the audit counts when one row stands in the store twice."""
    client(arena.endpoints).command("INSERT INTO facts SELECT * FROM facts LIMIT 1")
    return examine(arena.endpoints).mismatch
