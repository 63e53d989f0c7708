"""LIGHT: the red warning lamp. Its state is the fact `light.changed`; Prometheus shows how many are lit."""

from __future__ import annotations

from sinks.notify import metrics
from sinks.notify.outcome import Outcome, Sent
from sinks.notify.texts import Notification


class Light:
    def send(self, notification: Notification) -> Outcome:
        """Always sent: lamps hang on the gauge and on the fact."""
        for delivery in notification.deliveries:
            lamp = metrics.LIGHTS.labels(delivery.alert.data["rule_id"])
            lamp.inc() if delivery.on else lamp.dec()
        return Sent()
