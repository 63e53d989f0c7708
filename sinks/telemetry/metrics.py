"""What the telemetry sink tells Prometheus, beside what every sink tells."""

from __future__ import annotations

from prometheus_client import Counter

REPEATED = Counter(
    "sharedchain_telemetry_repeated_total",
    "重复送来、只计一次的读数 / Readings that came again and count once",
    ["topic"],
)
