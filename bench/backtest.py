"""A long log back-tested: how fast, and is memory flat? `python -m bench.backtest [--facts N] [--folder DIR]`.

The facts are generated into a file first (about 250 bytes each; ten million are 2.5 GB) and read back one by one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench import five
from bench.readings import TYPE, Reading, readings
from bench.table import Row, render
from deploy.backtest import spool
from deploy.backtest.overlay import Candidate
from deploy.backtest.run import backtest
from sharedchain.fact import Fact

_EVERY = 5_000  # milliseconds between two readings
_GROWTH = 48 << 20  # bytes that the process may grow between a tenth of the way and the end


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.backtest", description=__doc__)
    parser.add_argument("--facts", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="where the file is kept, and found again (default: it is not kept)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        print(render([row(asked.facts, asked.folder or Path(folder))]))
    return 0


def row(facts: int, folder: Path) -> Row:
    path = folder / f"facts-{facts}"
    if not path.exists():
        with (folder / "unfinished").open("w") as file:
            file.writelines(f"{line}\n" for line in lines(facts))
        (folder / "unfinished").rename(path)
    size, seen, memory = path.stat().st_size, 0, dict[int, int]()
    process, marks, began = psutil.Process(), {facts * part // 10 for part in range(1, 11)}, (0.0, 0.0)

    def watched() -> Iterator[Fact]:
        nonlocal seen
        for one in spool.read(path):
            seen += 1
            if seen in marks:
                memory[seen] = process.memory_info().rss
                print(
                    f"{seen:,} facts: {seen / (time.monotonic() - began[0]):,.0f}/s, "
                    f"{(time.process_time() - began[1]) / seen * 1e6:.1f} CPU µs a fact, {memory[seen] >> 20} MiB",
                    file=sys.stderr, flush=True,
                )  # fmt: skip
            yield one

    began = time.monotonic(), time.process_time()
    alarms = sum(1 for _ in backtest(watched(), Candidate("live"), clock=True))
    seconds, cpu = time.monotonic() - began[0], time.process_time() - began[1]
    first, last = memory[min(memory)], memory[max(memory)]
    assert last - first < _GROWTH, f"memory grew by {(last - first) >> 20} MiB between a tenth and the end"
    return Row(
        f"back-test of {facts:,} facts ({size >> 20} MiB on disk), five rules, {alarms:,} alerts",
        f"{facts / seconds:,.0f}/s; {cpu / facts * 1e6:.0f} CPU µs a fact",
        ratio=f"memory {first >> 20} MiB at a tenth, {last >> 20} MiB at the end",
        goal="bounded memory",
        unlike="read, decoded from JSON and folded; episodes of 1,000 machines",
    )


def lines(facts: int) -> Iterator[str]:
    """Five rules, then readings five seconds apart, with clocks made by the back-test itself."""
    yield from map(spool.line_of, five.config(one_shot=False))
    for n, one in enumerate(readings(facts - 6), 100):
        yield _line(n, one, five._NOW + n * _EVERY)


def _line(n: int, said: Reading, now: int) -> str:
    """What `spool.line_of` makes of `five.fact`, at a fifth of the cost: the file is only the way to the bench."""
    return (
        f'[3, {n}, {now}, "fact", "t", "{TYPE}", "{n}", "bench", "", {now}, "t", '
        f'{{"equipment_id": "{said["equipment_id"]}", "component_id": "B", "metric": "{said["metric"]}", '
        f'"value": {{"\\u0000n": "{said["value"]}"}}, "unit": "x", "quality_flag": "{said["quality_flag"]}", '
        f'"at": {said["at"]}}}, "", "", "", false, -1, "", ""]'
    )


if __name__ == "__main__":
    sys.exit(main())
