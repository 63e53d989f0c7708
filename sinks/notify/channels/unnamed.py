"""A way to people that the endpoints file does not name."""

from __future__ import annotations

from sinks.notify.outcome import Outcome, Refused
from sinks.notify.texts import Notification


class Unnamed:
    def __init__(self, field: str) -> None:
        self._field = field

    def send(self, notification: Notification) -> Outcome:
        """Never sent, and recorded so: whom this would have reached is told by `notification.failed`."""
        return Refused(f"the endpoints file does not say {self._field}")
