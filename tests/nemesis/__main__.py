"""`python -m tests.nemesis --minutes 60 --seed N`: a long run. Exit 1 if a guarantee did not hold."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.nemesis.checks import Verdict
from tests.nemesis.run import run, seed_of
from tests.nemesis.schedule import PACE, schedule
from tests.nemesis.unarmed import TOGETHER, TWINS, Twin


def main() -> int:
    options = argparse.ArgumentParser(prog="make nemesis", description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--seed", default="", help="repeats a schedule; without it a fresh one")
    options.add_argument("--pace", type=float, default=PACE, help="seconds from one fault to the next")
    options.add_argument("--plan", action="store_true", help="print the schedule of the seed, and do nothing")
    options.add_argument("--twin", choices=[*TWINS, "all"], help="without a mechanism, and without faults: must break")
    asked = options.parse_args()
    seed = seed_of(asked.seed)
    faults = schedule(seed, asked.minutes * 60, asked.pace)
    print(f"SEED={seed}", flush=True)
    if asked.plan:
        print("\n".join(f"{fault.at:7.1f} s  {fault.line()}" for fault in faults))
        return 0
    if asked.twin:
        return max(_red(twins, seed) for twins in (TOGETHER if asked.twin == "all" else ((asked.twin,),)))
    folder = Path(tempfile.mkdtemp(prefix="nemesis-"))
    _, judged = run(folder, seed, faults, asked.minutes * 60, _tell)
    wrong = [verdict.name for verdict in judged if verdict.wrong]
    if not wrong:
        shutil.rmtree(folder)
        return 0
    print(f"broken: {'; '.join(wrong)}; repeat with SEED={seed}; everything is in {folder}", file=sys.stderr)
    return 1


def _red(twins: tuple[str, ...], seed: int) -> int:
    """Exit 0 if the judge calls broken what each missing mechanism breaks."""
    folder = Path(tempfile.mkdtemp(prefix="nemesis-twin-"))
    _, judged = run(folder, seed, [], 0.0, _tell, twins=twins)
    seen = {name: _seen(TWINS[name], judged) for name in twins}
    for name, line in seen.items():
        _tell(f"TWIN={name}, without «{TWINS[name].mechanism}»: {TWINS[name].red}: {line or 'NOT SEEN'}")
    if not all(seen.values()):
        return 1
    shutil.rmtree(folder)
    return 0


def _seen(twin: Twin, judged: list[Verdict]) -> str:
    """What the judge found of it; empty: nothing."""
    lines = (line for verdict in judged if verdict.name.startswith(twin.red) for line in verdict.wrong)
    return next((line for line in lines if twin.line in line), "")


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
