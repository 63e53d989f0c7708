"""Prometheus over HTTP for every program without a door of its own, and what more than one of them counts."""

from __future__ import annotations

import os
from collections import Counter as Sums
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from prometheus_client import REGISTRY, CollectorRegistry, Counter, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.lag import Follower, Position

DLQ_RECORDS = Counter(
    "sharedchain_dlq_records_total",
    "Records kept as dead letters, by the stage that refused",
    ["topic", "stage", "reason"],
)
_WAIT = 2.0  # seconds that a scrape waits for Kafka


class Lag(Collector):
    """`sharedchain_consumer_lag_records`, asked of Kafka at each scrape; without an answer there is no sample."""

    def __init__(self, group: str, ask: Callable[[], list[Position]]) -> None:
        self._group, self._ask = group, ask

    def describe(self) -> Iterable[Metric]:
        return [_lag()]

    def collect(self) -> Iterable[Metric]:
        found = _lag()
        behind: Sums[str] = Sums()
        try:
            for one in self._ask():
                behind[one.topic] += one.lag
        except ConnectionFailed:
            return [found]
        for topic, count in sorted(behind.items()):
            found.add_metric([self._group, topic], count)
        return [found]


def serve(endpoints: Endpoints, group: str = "", *, program: str = "", registry: CollectorRegistry = REGISTRY) -> None:
    """Serve /metrics on SHAREDCHAIN_METRICS_HOST (default 127.0.0.1) at SHAREDCHAIN_METRICS_PORT, else where
    `endpoints.metrics` has `program` (default: what SHAREDCHAIN_PROGRAM names); neither: nowhere. With `group`, how
    far that consumer group is behind too. Whoever listens has found its peers and follows its topics."""
    told = "" if program else os.environ.get("SHAREDCHAIN_METRICS_PORT", "")
    program = program or os.environ.get("SHAREDCHAIN_PROGRAM", "")
    port = told or urlsplit(endpoints.metrics.get(program, "")).port
    if not port:
        return
    if group:
        registry.register(Lag(group, Follower(endpoints, group, _WAIT).positions))
    start_http_server(int(port), addr=os.environ.get("SHAREDCHAIN_METRICS_HOST") or "127.0.0.1", registry=registry)


def _lag() -> GaugeMetricFamily:
    text = "Offsets between the position of a follower and the end of the topic; 0 where no record is among them"
    return GaugeMetricFamily("sharedchain_consumer_lag_records", text, labels=["group", "topic"])
