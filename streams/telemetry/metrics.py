"""What the telemetry engine tells Prometheus."""

from __future__ import annotations

from prometheus_client import Counter

READ = Counter("sharedchain_telemetry_readings_total", "已判断的高频读数 / Readings at high volume judged", ["topic"])
TOLD = Counter("sharedchain_telemetry_told_total", "其中上报到业务主链的 / Those told to the business way")
