"""The channels. A new one: one file with one method `send`, and one line in CHANNELS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from sharedchain.endpoints import Endpoints
from sinks.notify.channels.email import Email
from sinks.notify.channels.inbox import Inbox
from sinks.notify.channels.light import Light
from sinks.notify.channels.unnamed import Unnamed
from sinks.notify.channels.webhook import Webhook
from sinks.notify.outcome import Outcome
from sinks.notify.texts import Notification


class Channel(Protocol):
    """Tells one recipient, once a call.

    Never sleeps, never tries again, never raises for what a receiver does; answers within a few seconds. The same
    notification may come again after a crash: its `id` is then the same.
    """

    def send(self, notification: Notification) -> Outcome: ...


CHANNELS: Mapping[str, Callable[[Endpoints], Channel]] = {
    "EMAIL": lambda at: Email(at.notify.smtp, at.notify.sender) if at.notify.smtp else Unnamed("notify.smtp"),
    "IM": lambda at: (
        Webhook(at.notify.webhook, at.notify.webhook_secret.get_secret_value())
        if at.notify.webhook
        else Unnamed("notify.webhook")
    ),
    "INBOX": lambda at: Inbox(),
    "LIGHT": lambda at: Light(),
}
