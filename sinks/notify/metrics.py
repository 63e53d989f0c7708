"""What the notifier tells Prometheus beside what every sink does."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

NOTIFICATIONS = Counter(
    "sharedchain_notifications_total",
    "通知及其结果 / Deliveries with their outcome",
    ["channel", "outcome"],
)
# A message goes within a second; a mute, a rate or a receiver that is away may hold it for minutes; a day is lost.
AGE = Histogram(
    "sharedchain_notification_age_seconds",
    "从预警产生到通知送出;仅墙钟租户 / From the recording of an alert to its sent message; tenants on the wall clock",
    ["channel"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600),
)
LIGHTS = Gauge("sharedchain_lights_on", "亮起的红灯,按规则 / Red warning lights that are lit, by rule", ["rule_id"])
_PLAUSIBLE = 86_400.0  # seconds; beyond it the scope's clock is driven (a story, a replay)


def told(channel: str, why: str, age: float) -> None:
    """A delivery is over; `why` it was not sent, empty if it was; `age`: seconds since its alert was recorded."""
    NOTIFICATIONS.labels(channel, why.partition(":")[0] or "sent").inc()
    if not why and 0 <= age <= _PLAUSIBLE:
        AGE.labels(channel).observe(age)
