"""Who was told, and the lamps."""

from __future__ import annotations

from typing import Literal

from sharedchain.events.base import Event, Text, Timestamp


class Notification(Event):
    """One attempt to tell one recipient on one channel, and how it ended."""

    alert_id: Text
    transition: Text
    channel: Text
    recipient: Text
    attempt: int
    outcome: str = ""
    message_id: str = ""
    subject: str = ""
    text: str = ""
    sent_at: Timestamp


class NotificationSent(Notification):
    """A notification was delivered."""


class NotificationFailed(Notification):
    """A notification failed for good."""


class LightChanged(Event):
    """A warning light changed."""

    alert_id: Text
    subject: Text
    rule_id: Text
    state: Literal["ON", "OFF"]
