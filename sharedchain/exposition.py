"""/metrics, /healthz and /readyz over HTTP for every program without a door of its own."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter as Sums
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.health import WAIT, Answer, Health
from sharedchain.lag import Follower, Position
from sharedchain.replicas import Short

_LAG = (
    "sharedchain_consumer_lag_records",
    "消费组位置与主题末尾之间的偏移数,其间没有记录时为 0 / "
    "Offsets between the position of a follower and the end of the topic; 0 where no record is among them",
)
_UNDER = (
    "sharedchain_kafka_under_replicated_partitions",
    "本链主题中同步副本不足的分区数 / Partitions of our topics with fewer replicas in sync than they should have",
)
_REFUSING = (
    "sharedchain_kafka_under_min_isr_partitions",
    "本链主题中拒绝写入的分区数(同步副本低于 min.insync.replicas) / "
    "Partitions of our topics that refuse every write: fewer replicas in sync than min.insync.replicas",
)


class Lag(Collector):
    """`sharedchain_consumer_lag_records`, asked of Kafka at each scrape; without an answer there is no sample."""

    def __init__(self, group: str, ask: Callable[[], list[Position]]) -> None:
        self._group, self._ask = group, ask

    def describe(self) -> Iterable[Metric]:
        return [GaugeMetricFamily(*_LAG, labels=["group", "topic"])]

    def collect(self) -> Iterable[Metric]:
        found = GaugeMetricFamily(*_LAG, labels=["group", "topic"])
        behind: Sums[str] = Sums()
        try:
            for one in self._ask():
                behind[one.topic] += one.lag
        except ConnectionFailed:
            return [found]
        for topic, count in sorted(behind.items()):
            found.add_metric([self._group, topic], count)
        return [found]


class Replicas(Collector):
    """The two gauges about replicas, asked of Kafka at each scrape; without an answer there is no sample."""

    def __init__(self, ask: Callable[[], list[Short]]) -> None:
        self._ask = ask

    def describe(self) -> Iterable[Metric]:
        return [GaugeMetricFamily(*_UNDER, labels=[]), GaugeMetricFamily(*_REFUSING, labels=[])]

    def collect(self) -> Iterable[Metric]:
        under, refusing = found = (GaugeMetricFamily(*_UNDER, labels=[]), GaugeMetricFamily(*_REFUSING, labels=[]))
        try:
            short = self._ask()
        except ConnectionFailed:
            return found
        under.add_metric([], len(short))
        refusing.add_metric([], sum(one.refuses for one in short))
        return found


def serve(
    endpoints: Endpoints,
    health: Health,
    *,
    group: str = "",
    program: str = "",
    registry: CollectorRegistry = REGISTRY,
) -> None:
    """Serve /metrics, /healthz and /readyz on SHAREDCHAIN_METRICS_HOST (default 127.0.0.1) at SHAREDCHAIN_METRICS_PORT,
    else where `endpoints.metrics` has `program` (default: what SHAREDCHAIN_PROGRAM names); neither: nowhere. With
    `group`, how far that consumer group is behind too."""
    told = "" if program else os.environ.get("SHAREDCHAIN_METRICS_PORT", "")
    program = program or os.environ.get("SHAREDCHAIN_PROGRAM", "")
    port = told or urlsplit(endpoints.metrics.get(program, "")).port
    if not port:
        return
    if group:
        registry.register(Lag(group, Follower(endpoints, group, WAIT).positions))
    host = os.environ.get("SHAREDCHAIN_METRICS_HOST") or "127.0.0.1"
    server = make_server(host, int(port), doors(registry, health), ThreadingWSGIServer, handler_class=_Silent)
    threading.Thread(target=server.serve_forever, name="exposition", daemon=True).start()


def doors(registry: CollectorRegistry, health: Health) -> Any:
    """The WSGI application behind the three paths. `/readyz?only=follows` leaves the peers out: for who asks often."""
    metrics = make_wsgi_app(registry)

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/healthz":
                return _say(start, health.alive())
            case "/readyz":
                return _say(start, health.ready(peers=environ.get("QUERY_STRING") != "only=follows"))
            case "/metrics" | "/":
                return list(metrics(environ, start))
        start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"/metrics, /healthz, /readyz\n"]

    return app


def _say(start: Callable[..., Any], answer: Answer) -> list[bytes]:
    ok, said = answer
    start("200 OK" if ok else "503 Service Unavailable", [("Content-Type", "application/json; charset=utf-8")])
    return [json.dumps(said, ensure_ascii=False).encode()]


class _Silent(WSGIRequestHandler):
    """A probe a second is not news."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return
