"""What the engine tells Prometheus; counters count committed slices only."""

from __future__ import annotations

import os
from collections.abc import Iterable

from prometheus_client import Counter, Gauge, start_http_server

from sharedchain.fact import Derived

FACTS = Counter("sharedchain_engine_facts_total", "Spine records decided, ticks too", ["partition"])
DERIVED = Counter("sharedchain_engine_derived_total", "Events made of them", ["type"])
SEQ = Gauge("sharedchain_engine_last_seq", "Number of the last decided spine record", ["partition"])


def decided(partition: int, facts: int, derived: Iterable[Derived], seq: int) -> None:
    """A slice was committed."""
    FACTS.labels(str(partition)).inc(facts)
    SEQ.labels(str(partition)).set(seq)
    for one in derived:
        DERIVED.labels(one.type).inc()


def serve() -> None:
    """Listen on 127.0.0.1:SHAREDCHAIN_METRICS_PORT, if that is set."""
    if port := os.environ.get("SHAREDCHAIN_METRICS_PORT"):
        start_http_server(int(port), addr="127.0.0.1")
