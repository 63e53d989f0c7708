"""Every Prometheus metric of the sinks, once."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

RECORDS = Counter("sharedchain_sink_records_total", "Records written (or told) for good", ["topic"])
RETRIES = Counter("sharedchain_sink_retries_total", "Attempts that must come again", ["topic"])
REPLAYED = Counter("sharedchain_sink_replayed_batches_total", "Pending batches written again after an assignment")
WAITING = Gauge("sharedchain_sink_waiting_partitions", "Partitions whose batch waits for its next attempt")
UNREADABLE = Counter(
    "sharedchain_sink_unreadable_records_total", "Records of our own topics that are no such record", ["topic"]
)
NOTIFICATIONS = Counter("sharedchain_notifications_total", "Deliveries with their outcome", ["channel", "outcome"])
LIGHTS = Gauge("sharedchain_lights_on", "Red warning lights that are lit, by rule", ["rule_id"])
