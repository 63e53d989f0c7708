"""What the auditor tells Prometheus; it reads from the log and from the tables, not from the sink."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

MISMATCH = Counter(
    "chain_audit_mismatch_total",
    "表与日志不符之处,应始终为 0 / Places in which store and log differ, each found twice; must stay 0",
)
AUDITED = Counter(
    "sharedchain_audit_records_total", "与表核对过的日志记录 / Records of the log that were held against the tables"
)
AUDIT_ROUND = Gauge(
    "sharedchain_audit_round_timestamp_seconds",
    "最近一轮核对完成的时间 / When the auditor last came round",
)
