"""What the gateway counts, by Prometheus names."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Meters:
    """One registry a process; no per-tenant or per-customer labels."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "sharedchain_gateway_requests_total",
            "已应答的 HTTP 请求,按路由与状态 / HTTP requests answered, by route template and status",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self.seconds = Histogram(
            "sharedchain_gateway_request_seconds",
            "应答所用时间,按路由;不含推送流 / Time until the answer was sent, by route template; streams left out",
            ["route"],
            registry=self._registry,
        )
        self.published = Counter(
            "sharedchain_gateway_published_events_total",
            "Kafka 已确认的事件,按类型 / Events that Kafka acknowledged, by event type",
            ["type"],
            registry=self._registry,
        )
        self.refused = Counter(
            "sharedchain_gateway_refused_requests_total",
            "在入口被拒绝的请求,按问题代码 / Requests refused at the door, by problem code",
            ["code"],
            registry=self._registry,
        )
        self.streams = Gauge(
            "sharedchain_gateway_open_streams",
            "当前打开的推送流 / Live streams open now",
            registry=self._registry,
        )

    def text(self) -> bytes:
        """The exposition for GET /metrics."""
        return generate_latest(self._registry)
