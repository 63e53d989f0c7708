"""A long log back-tested: how fast, and is memory flat? `python -m bench.backtest [--facts N] [--folder DIR]`.

The facts are generated into a file first (about 250 bytes each; ten million are 2.5 GB) and read back one by one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import psutil

from bench import five
from bench.readings import readings
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
    parser.add_argument("--folder", type=Path, default=None, help="where the file is kept (default: a temporary one)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=asked.folder) as folder:
        print(render([row(asked.facts, Path(folder))]))
    return 0


def row(facts: int, folder: Path) -> Row:
    path = folder / "facts"
    spool.write(generated(facts), path)
    size, seen, memory = path.stat().st_size, 0, dict[int, int]()
    process, marks = psutil.Process(), {facts * part // 10 for part in range(1, 11)}

    def watched() -> Iterator[Fact]:
        nonlocal seen
        for one in spool.read(path):
            seen += 1
            if seen in marks:
                memory[seen] = process.memory_info().rss
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


def generated(facts: int) -> Iterator[Fact]:
    """Five rules, then readings five seconds apart, with clocks made by the back-test itself."""
    said = (five.fact(n, one, five._NOW + n * _EVERY) for n, one in enumerate(readings(facts - 6), 100))
    return chain(five.config(one_shot=False), said)


if __name__ == "__main__":
    sys.exit(main())
