"""INBOX: the record of the delivery is the delivery; `sharedchain inbox` reads it."""

from __future__ import annotations

from sinks.notify.outcome import Outcome, Sent
from sinks.notify.texts import Notification


class Inbox:
    def send(self, notification: Notification) -> Outcome:
        """Always sent."""
        return Sent()
