"""Who is told by which channel: config kind `route` (rules/routes.yaml)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sharedchain.core.directory import holders
from sharedchain.core.paths import text_at
from sharedchain.core.state import ScopeState
from sharedchain.core.wording import Channel, Model, Severity


class Routes(Model):
    """Channels by severity: per recipient, and once per alert."""

    id: str = "routes"
    version: int = 1
    per_recipient: Mapping[Severity, tuple[Channel, ...]]
    per_alert: Mapping[Severity, tuple[Channel, ...]] = {}


NOBODY = Routes(per_recipient={})


def resolve(
    scope: ScopeState, wanted: Iterable[str], owner: str, day: date, seen: Mapping[str, Any] | None = None
) -> list[str]:
    """Employee ids for `owner`, `role:…` and paths into what the rule saw, sorted, each once."""
    people: dict[str, None] = {}
    for recipient in wanted:
        if recipient == "owner" or "." in recipient:
            named = owner if recipient == "owner" else text_at(seen or {}, recipient)
            people.update(dict.fromkeys([named] if named else []))
        else:
            people.update(dict.fromkeys(holders(scope, recipient.removeprefix("role:"), day)))
    return sorted(people)


def deliveries(
    scope: ScopeState, routes: Routes, severity: Severity, recipients: Iterable[str]
) -> list[dict[str, Any]]:
    """One delivery per recipient and channel, then those of the alert itself.

    An address that master data lacks is left empty: the notifier records it as failed, nobody is skipped silently.
    """
    told = [
        {"channel": channel, "recipient": person, "address": _address(scope, person, channel)}
        for person in recipients
        for channel in routes.per_recipient.get(severity, ())
    ]
    return told + [{"channel": c, "recipient": "", "address": ""} for c in routes.per_alert.get(severity, ())]


def _address(scope: ScopeState, person: str, channel: Channel) -> str:
    who = scope.employees.get(person)
    if who is None or channel not in ("EMAIL", "IM"):
        return ""
    return who.email if channel == "EMAIL" else who.im
