"""Versions of rules, as the engine tells them."""

from __future__ import annotations

from typing import Literal

from sharedchain.events.alert import Severity
from sharedchain.events.base import Event, Rate, Text, Timestamp

How = Literal["DEFINED", "CHANGED", "PROMOTED", "WITHDRAWN", "SHADOWED", "UNSHADOWED", "ROLLED_BACK"]


class RuleChanged(Event):
    """Another version of a rule is in force."""

    rule_id: Text
    how: How
    old_version: int | None = None
    new_version: int | None = None
    old_hash: str = ""
    new_hash: str = ""
    changed_by: str = ""
    owner: str = ""
    reason: str = ""
    at: Timestamp


class ShadowDecided(Event):
    """What a version in the shadow would have told; nobody is told."""

    alert_id: Text
    rule_id: Text
    rule_version: int
    transition: Literal["raised", "escalated", "eased", "resolved"]
    subject: Text
    severity: Severity
    value: Rate | None = None
    value_text: str = ""
    threshold: Rate | None = None
    unit: str = ""
    owner: str = ""
    recipients: tuple[str, ...] = ()
    title_zh: str = ""
    title_en: str = ""
    explain: str = ""
    opened_at: Timestamp
