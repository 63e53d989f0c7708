"""What a lane tells Prometheus. Counters count committed turns only."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import Counter, Gauge

from sharedchain.exposition import DLQ_RECORDS
from streams.ingest.turn import Turn

RECORDS = Counter("sharedchain_ingest_records_total", "Decided records", ["outcome", "topic"])
TURNS = Counter("sharedchain_ingest_transactions_total", "Committed transactions")
WAITING = Gauge("sharedchain_ingest_waiting", "1 while the registry, a dictionary or a flow is missing")
STOPPED = Gauge(
    "sharedchain_ingest_partition_stopped", "1 = this partition is poisoned and stopped", ["topic", "partition"]
)
NOW = Gauge("sharedchain_ingest_recorded_timestamp_seconds", "Wall time of the last committed turn")
FRESHNESS = Gauge(
    "sharedchain_freshness_age_seconds", "Since the last accepted record, in this life of the lane", ["contract"]
)
_HEARD: dict[str, float] = {}  # topic → wall time of its last accepted record


def count(turn: Turn) -> None:
    """A turn was committed."""
    TURNS.inc()
    NOW.set(turn.now / 1000)
    for (outcome, topic), number in turn.counts.items():
        RECORDS.labels(outcome, topic).inc(number)
        if outcome == "fact":
            _HEARD[topic] = turn.now / 1000
            FRESHNESS.labels(topic).set_function(_age(topic))
    for letter in turn.dead:
        DLQ_RECORDS.labels(letter.place.split("/")[0], "ingest", letter.reason).inc()


def _age(topic: str) -> Callable[[], float]:
    return lambda: max(time.time() - _HEARD[topic], 0.0)
