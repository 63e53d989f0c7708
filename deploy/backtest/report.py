"""What a back-test found, counted and as plain values for machines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from deploy.backtest.alarms import Alarm
from deploy.backtest.compare import KINDS, Change

End = Callable[[str], int]  # how far time went in a scope, ms
Zone = Callable[[str], str]  # the zone in which a scope reads its times


@dataclass(frozen=True, slots=True)
class Tally:
    """One rule over the window."""

    rule: str
    version: int
    alarms: int
    red: int
    subjects: int
    people: int  # who were told at least once
    longest: int  # ms
    together: int  # ms, all alerts, within the log


def tallies(alarms: Iterable[Alarm], end: End) -> list[Tally]:
    """By rule; alerts that are still open last as long as the log."""
    by_rule: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        by_rule.setdefault(alarm.rule, []).append(alarm)
    return [_tally(rule, found, end) for rule, found in sorted(by_rule.items())]


def _tally(rule: str, found: Sequence[Alarm], end: End) -> Tally:
    lasting = [alarm.lasts(end(alarm.scope)) for alarm in found]
    return Tally(
        rule,
        version=max(alarm.version for alarm in found),
        alarms=len(found),
        red=sum(alarm.severity == "RED" for alarm in found),
        subjects=len({(alarm.scope, alarm.subject) for alarm in found}),
        people=len({(alarm.scope, who) for alarm in found for who in alarm.told}),
        longest=max(lasting, default=0),
        together=sum(lasting),
    )


def by_owner(changes: Iterable[Change]) -> dict[str, dict[str, int]]:
    """Owner → how many changes of each kind."""
    found: dict[str, dict[str, int]] = {}
    for change in changes:
        found.setdefault(change.alarm.owner, dict.fromkeys(KINDS, 0))[change.kind] += 1
    return dict(sorted(found.items()))


def plain(alarm: Alarm) -> dict[str, Any]:
    """One alert for machines; times as RFC 3339."""
    said: Mapping[str, Any] = asdict(alarm)
    return {**said, "opened": instant(alarm.opened), "ended": instant(alarm.ended), "told": list(alarm.told)}


def plain_change(change: Change) -> dict[str, Any]:
    """One difference for machines."""
    return {
        "change": change.kind,
        "rule": change.alarm.rule,
        "subject": change.alarm.subject,
        "owner": change.alarm.owner,
        "by_seconds": change.by / 1000,
        "old": plain(change.old) if change.old else None,
        "new": plain(change.new) if change.new else None,
    }


def instant(ms: int | None) -> str | None:
    """RFC 3339 in UTC."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
