"""What rang: alerts from raised to resolved, collected from what the core derives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from sharedchain.core.wording import Severity, rank
from sharedchain.fact import Derived


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alert of (rule, subject). Times in ms; `ended` None = still open where the log ends.

    `told`: everybody who was told, of any severity; `quiet`: it came of backfill, nobody was told.
    """

    id: str
    scope: str
    rule: str
    version: int
    subject: str
    owner: str
    severity: Severity  # the highest
    opened: int
    ended: int | None
    value: str
    threshold: Decimal | None
    told: tuple[str, ...]
    title_zh: str
    title_en: str
    quiet: bool = False

    def lasts(self, end: int) -> int:
        """How long it rang, up to `end` if it still does."""
        return (end if self.ended is None else self.ended) - self.opened

    def within(self, since: int, until: int) -> bool:
        """Whether it rang at any time from `since` to before `until`."""
        return self.opened < until and (self.ended is None or self.ended >= since)


class Alarms:
    """Collects alerts out of derived events, in order; only those that are open are held."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Alarm] = {}  # scope, alert id

    def take(self, derived: Iterable[Derived]) -> Iterator[Alarm]:
        """Look at what was derived next; gives the alerts that ended by it."""
        for event in derived:
            if not event.type.startswith("alert."):
                continue
            key = (event.scope, event.data["alert_id"])
            match event.type.removeprefix("alert."):
                case "raised":
                    self._open[key] = _raised(event)
                case "escalated" if key in self._open:
                    self._open[key] = _higher(self._open[key], event)
                case "resolved" if key in self._open:
                    yield replace(self._open.pop(key), ended=event.recorded)

    def standing(self) -> Iterator[Alarm]:
        """Those that are open now, oldest first."""
        yield from sorted(self._open.values(), key=lambda alarm: (alarm.opened, alarm.scope, alarm.id))


def _raised(event: Derived) -> Alarm:
    data = event.data
    return Alarm(
        id=data["alert_id"],
        scope=event.scope,
        rule=data["rule_id"],
        version=data["rule_version"],
        subject=data["subject"],
        owner=data["owner"],
        severity=data["severity"],
        opened=event.recorded,
        ended=None,
        value=data["value_text"],
        threshold=data["threshold"],
        told=tuple(data["recipients"]),
        title_zh=data["title_zh"],
        title_en=data["title_en"],
        quiet=event.backfill,
    )


def _higher(alarm: Alarm, event: Derived) -> Alarm:
    data = event.data
    severity = max(alarm.severity, data["severity"], key=rank)
    told = tuple(dict.fromkeys((*alarm.told, *data["recipients"])))
    return replace(alarm, severity=severity, told=told, value=data["value_text"], threshold=data["threshold"])
