"""Every Prometheus metric of the sinks, once; served on loopback, where endpoints.json says or the environment."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from prometheus_client import Counter, Gauge, start_http_server

from sharedchain.endpoints import Endpoints

RECORDS = Counter("sharedchain_sink_records_total", "Records written (or told) for good", ["topic"])
RETRIES = Counter("sharedchain_sink_retries_total", "Attempts that must come again", ["topic"])
REPLAYED = Counter("sharedchain_sink_replayed_batches_total", "Pending batches written again after an assignment")
WAITING = Gauge("sharedchain_sink_waiting_partitions", "Partitions whose batch waits for its next attempt")
UNREADABLE = Counter(
    "sharedchain_sink_unreadable_records_total", "Records of our own topics kept as dead letters", ["topic"]
)
NOTIFICATIONS = Counter("sharedchain_notifications_total", "Deliveries with their outcome", ["channel", "outcome"])
LIGHTS = Gauge("sharedchain_lights_on", "Red warning lights that are lit, by rule", ["rule_id"])


def serve(endpoints: Endpoints) -> None:
    """Serve /metrics on 127.0.0.1 at SHAREDCHAIN_METRICS_PORT, else where `endpoints.metrics` has the program that
    SHAREDCHAIN_PROGRAM names; neither: nowhere. Whoever listens has found its peers and follows its topics."""
    program = os.environ.get("SHAREDCHAIN_PROGRAM", "")
    port = os.environ.get("SHAREDCHAIN_METRICS_PORT") or urlsplit(endpoints.metrics.get(program, "")).port
    if port:
        start_http_server(int(port), addr="127.0.0.1")
