"""Alerts, as the engine tells them."""

from __future__ import annotations

from typing import Literal

from sharedchain.events.base import Event, Part, Rate, Text, Timestamp

Severity = Literal["INFO", "YELLOW", "RED"]


class Delivery(Part):
    channel: Text
    recipient: Text
    address: str = ""


class AlertTransition(Event):
    """An alert as it stands after one transition of its episode."""

    alert_id: Text
    rule_id: Text
    rule_version: int
    subject: Text
    severity: Severity
    value: Rate | None = None
    value_text: str = ""
    threshold: Rate | None = None
    unit: str = ""
    owner: str = ""
    recipients: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    title_zh: str = ""
    title_en: str = ""
    text_zh: str = ""
    text_en: str = ""
    link: str = ""
    explain: str = ""
    opened_at: Timestamp


class AlertRaised(AlertTransition):
    """An alert was raised."""


class AlertEscalated(AlertTransition):
    """An alert was escalated."""


class AlertEased(AlertTransition):
    """An alert came down to a lower severity."""


class AlertResolved(AlertTransition):
    """An alert was resolved."""
