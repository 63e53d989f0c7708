"""What a lane tells Prometheus. Counters count committed turns only."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

from sharedchain.refusals import DLQ_RECORDS
from streams.ingest.turn import Turn

RECORDS = Counter("sharedchain_ingest_records_total", "已判定的记录 / Decided records", ["outcome", "topic"])
TURNS = Counter("sharedchain_ingest_transactions_total", "已提交的事务 / Committed transactions")
# A turn takes some 10 ms (one transaction); what waited in a backlog is minutes old.
DECIDE = Histogram(
    "sharedchain_ingest_decide_seconds",
    "每个事务中最老的记录:从进入 Kafka 到判定提交 / "
    "Of the oldest record of each transaction: from its append to Kafka to its committed decision",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
WAITING = Gauge(
    "sharedchain_ingest_waiting",
    "注册中心、字典或流程缺失时为 1 / 1 while the registry, a dictionary or a flow is missing",
)
STOPPED = Gauge(
    "sharedchain_ingest_partition_stopped",
    "1 = 该分区坏数据过多,已停止 / 1 = this partition is poisoned and stopped",
    ["topic", "partition"],
)
NOW = Gauge(
    "sharedchain_ingest_recorded_timestamp_seconds", "最后提交的墙钟时间 / Wall time of the last committed turn"
)
FRESHNESS = Gauge(
    "sharedchain_freshness_age_seconds",
    "距该主题最后接受的记录有多久(本次运行内) / Since the last accepted record, in this life of the lane",
    ["contract"],
)
_HEARD: dict[str, float] = {}  # topic → wall time of its last accepted record


def count(turn: Turn, oldest: int, now: int) -> None:
    """A turn was committed at `now`; `oldest`: append time of its oldest record, 0 without records; milliseconds."""
    TURNS.inc()
    NOW.set(turn.now / 1000)
    if oldest:
        DECIDE.observe(max(now - oldest, 0) / 1000)
    for (outcome, topic), number in turn.counts.items():
        RECORDS.labels(outcome, topic).inc(number)
        if outcome == "fact":
            _HEARD[topic] = turn.now / 1000
            FRESHNESS.labels(topic).set_function(_age(topic))
    for letter in turn.dead:
        DLQ_RECORDS.labels(letter.place.split("/")[0], "ingest", letter.reason).inc()


def _age(topic: str) -> Callable[[], float]:
    return lambda: max(time.time() - _HEARD[topic], 0.0)
