"""What the engine tells Prometheus; counters count committed slices only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from prometheus_client import Counter, Gauge, Histogram

from sharedchain.fact import Derived

FACTS = Counter("sharedchain_engine_facts_total", "Spine records decided, ticks too", ["partition"])
DERIVED = Counter("sharedchain_engine_derived_total", "Events made of them", ["type"])
SEQ = Gauge("sharedchain_engine_last_seq", "Number of the last decided spine record", ["partition"])
RULE_ERRORS = Counter("sharedchain_rule_errors_total", "Rules that erred or do not load, once a version", ["rule"])
EVENT_TO_ALERT = Histogram(
    "sharedchain_event_to_alert_seconds",
    "From the acceptance of an event to its committed alert; tenants on the wall clock",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
_PLAUSIBLE = 3600.0  # seconds; beyond it the scope's clock is driven (a story, a replay) and says nothing of speed
_ABOUT_RULES = "R-00"  # sharedchain.core.notice: the alert about a rule itself; its subject is the rule


def decided(
    partition: int, facts: int, derived: Iterable[Derived], seq: int, now: Callable[[], float] = time.time
) -> None:
    """A slice was committed."""
    FACTS.labels(str(partition)).inc(facts)
    SEQ.labels(str(partition)).set(seq)
    for one in derived:
        DERIVED.labels(one.type).inc()
        if one.type == "alert.raised":
            _alert(one, now() - one.recorded / 1000)


def _alert(one: Derived, took: float) -> None:
    if one.data.get("rule_id") == _ABOUT_RULES:
        RULE_ERRORS.labels(one.subject).inc()
    if 0 <= took <= _PLAUSIBLE and not one.backfill:
        EVENT_TO_ALERT.observe(took)
