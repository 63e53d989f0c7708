"""What a run cost: seconds, CPU seconds of some processes and all their threads, resident memory."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class Run:
    """`count` things in `seconds`, for `cpu` seconds of processor (`each`: by process); `rss` bytes at the end."""

    count: int
    seconds: float
    cpu: float
    rss: int
    each: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    @property
    def cpu_per_million(self) -> float:
        return self.cpu / self.count * 1e6


def metered(pids: Sequence[int], count: int, work: Callable[[], Any]) -> Run:
    """Do `work`, which is `count` things, and measure it in these processes."""
    watched = [psutil.Process(pid) for pid in pids]
    before, began = _cpu(watched), time.monotonic()
    work()
    seconds = time.monotonic() - began
    each = tuple(after - start for after, start in zip(_cpu(watched), before, strict=True))
    return Run(count, seconds, sum(each), sum(p.memory_info().rss for p in watched), each)


def _cpu(watched: Sequence[psutil.Process]) -> list[float]:
    return [sum(p.cpu_times()[:2]) for p in watched]


def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """«median (least – most)»."""
    if len(values) == 1:
        return f"{values[0]:{form}}"
    return f"{statistics.median(values):{form}} ({min(values):{form}} – {max(values):{form}})"


def side(runs: Sequence[Run]) -> str:
    """One side of a comparison, in a cell of the table."""
    cpu = spread([r.cpu_per_million for r in runs], ".0f")
    return f"{spread([r.rate for r in runs])}/s; {cpu} CPU s/M; {max(r.rss for r in runs) >> 20} MiB"


def times(ours: Sequence[Run], theirs: Sequence[Run]) -> float:
    """The median of the rates' ratios, round by round."""
    return statistics.median(a.rate / b.rate for a, b in zip(ours, theirs, strict=True))


def ratio(ours: Sequence[Run], theirs: Sequence[Run]) -> str:
    """Round by round: rate, and CPU the other way round."""
    pairs = list(zip(ours, theirs, strict=True))
    rate = spread([a.rate / b.rate for a, b in pairs], ".1f")
    return f"{rate}×; CPU {spread([b.cpu_per_million / a.cpu_per_million for a, b in pairs], '.1f')}×"
