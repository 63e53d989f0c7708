"""The count of dead letters: kept by ingest, and by the sink for records of our own that it cannot read."""

from __future__ import annotations

from prometheus_client import Counter

DLQ_RECORDS = Counter(
    "sharedchain_dlq_records_total",
    "作为死信保存的记录,按拒绝的环节 / Records kept as dead letters, by the stage that refused",
    ["topic", "stage", "reason"],
)
