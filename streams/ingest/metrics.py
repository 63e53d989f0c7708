"""What a lane tells Prometheus. Counters count committed turns only."""

from __future__ import annotations

import os

from prometheus_client import Counter, Gauge, start_http_server

from streams.ingest.turn import Turn

RECORDS = Counter("sharedchain_ingest_records_total", "Decided records", ["outcome", "topic"])
REFUSALS = Counter("sharedchain_ingest_refusals_total", "Refused records", ["reason", "topic"])
TURNS = Counter("sharedchain_ingest_transactions_total", "Committed transactions")
WAITING = Gauge("sharedchain_ingest_waiting", "1 while the registry, a dictionary or a flow is missing")
STOPPED = Gauge(
    "sharedchain_ingest_partition_stopped", "1 = this partition is poisoned and stopped", ["topic", "partition"]
)
NOW = Gauge("sharedchain_ingest_recorded_timestamp_seconds", "Wall time of the last committed turn")


def count(turn: Turn) -> None:
    """A turn was committed."""
    TURNS.inc()
    NOW.set(turn.now / 1000)
    for (outcome, topic), number in turn.counts.items():
        RECORDS.labels(outcome, topic).inc(number)
    for letter in turn.dead:
        REFUSALS.labels(letter.reason, letter.place.split("/")[0]).inc()


def serve() -> None:
    """Listen on 127.0.0.1:SHAREDCHAIN_METRICS_PORT, if that is set."""
    if port := os.environ.get("SHAREDCHAIN_METRICS_PORT"):
        start_http_server(int(port), addr="127.0.0.1")
