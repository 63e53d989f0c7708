"""What the supervisor tells Prometheus of its children and of the disk under the home, looked up at each scrape."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psutil
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from deploy.local.state import PartState

_UP = (
    "sharedchain_supervisor_part_up",
    "1 = 进程就绪,或一次性工作已完成 / 1 = this process is ready, or done if it runs once",
)
_RESTARTS = (
    "sharedchain_supervisor_restarts_total",
    "监督进程本次运行以来该进程的重启次数 / Restarts of a process in this life of the supervisor",
)
_MEMORY = (
    "sharedchain_supervisor_part_resident_memory_bytes",
    "进程及其子进程的常驻内存 / Resident memory of a process and its children",
)
_FREE = ("sharedchain_home_free_bytes", "安装目录所在磁盘的剩余空间 / Free space where the home lies")


class Parts(Collector):
    """Reads `parts` anew at each scrape; safe to ask from another thread."""

    def __init__(self, home: Path, parts: Callable[[], Sequence[PartState]]) -> None:
        self._home, self._parts = home, parts

    def describe(self) -> Iterable[Metric]:
        return self._families()

    def collect(self) -> Iterable[Metric]:
        up, restarts, memory, free = families = self._families()
        for part in self._parts():
            up.add_metric([part.name], part.phase in ("ready", "done"))
            restarts.add_metric([part.name], part.restarts)
            if part.pid is not None and (size := resident(part.pid)):
                memory.add_metric([part.name], size)
        free.add_metric([], shutil.disk_usage(self._home).free)
        return families

    def _families(self) -> tuple[GaugeMetricFamily, CounterMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily(*_UP, labels=["part"]),
            CounterMetricFamily(*_RESTARTS, labels=["part"]),
            GaugeMetricFamily(*_MEMORY, labels=["part"]),
            GaugeMetricFamily(*_FREE, labels=[]),
        )


def resident(pid: int, deep: bool = True) -> int:
    """Bytes of a process, `deep`: with its children; 0 when it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)] if deep else [process]
        return sum(int(one.memory_info().rss) for one in family)
    except psutil.NoSuchProcess:
        return 0
