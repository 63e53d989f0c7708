"""What every sink tells Prometheus; what only the notifier tells stands in notify/metrics.py."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter(
    "sharedchain_sink_records_total", "已写入(或已告知)的记录 / Records written (or told) for good", ["topic"]
)
RETRIES = Counter("sharedchain_sink_retries_total", "需要重试的写入 / Attempts that must come again", ["topic"])
REPLAYED = Counter(
    "sharedchain_sink_replayed_batches_total",
    "接手分区后再次写入的批次 / Pending batches written again after an assignment",
)
WAITING = Gauge(
    "sharedchain_sink_waiting_partitions",
    "其批次等待重试的分区数 / Partitions whose batch waits for its next attempt",
)
WAITING_AGE = Gauge(
    "sharedchain_sink_waiting_age_seconds",
    "等待重试最久的批次已等待多久,没有则为 0 / How long the batch that waits longest has waited; 0 if none does",
)
HELD = Gauge(
    "sharedchain_sink_held_records",
    "已读入内存而尚未写好的记录数 / Records in memory that are read and not yet written; the rest waits in Kafka",
)
# An insert takes 10 to 100 ms; its own limit is 60 s.
WRITE = Histogram(
    "sharedchain_sink_write_seconds",
    "写入一个批次所用时间(ClickHouse 插入,或发送一批通知) / "
    "What one batch took to write: its inserts into ClickHouse, or its messages to people",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
UNREADABLE = Counter(
    "sharedchain_sink_unreadable_records_total",
    "本链主题中无法读取的记录 / Records of our own topics that are no such record",
    ["topic"],
)


def age_of_waiting(ask: Callable[[], float]) -> None:
    """Where the age of the longest waiting batch is asked, at each scrape."""
    WAITING_AGE.set_function(ask)
