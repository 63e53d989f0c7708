"""What a back-test found, as lines for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from deploy.backtest.alarms import Alarm


@dataclass(frozen=True, slots=True)
class Tally:
    """One rule over the window."""

    rule: str
    version: int
    alarms: int
    red: int
    subjects: int
    people: int  # who were told at least once
    rang: int  # ms, all alerts together, within the log
    longest: int  # ms


def tallies(alarms: Iterable[Alarm], end: int) -> list[Tally]:
    """By rule; alerts that are still open last until `end`."""
    by_rule: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        by_rule.setdefault(alarm.rule, []).append(alarm)
    return [_tally(rule, found, end) for rule, found in sorted(by_rule.items())]


def _tally(rule: str, found: Sequence[Alarm], end: int) -> Tally:
    lasting = [alarm.lasts(end) for alarm in found]
    return Tally(
        rule,
        version=max(alarm.version for alarm in found),
        alarms=len(found),
        red=sum(alarm.severity == "RED" for alarm in found),
        subjects=len({(alarm.scope, alarm.subject) for alarm in found}),
        people=len({(alarm.scope, who) for alarm in found for who in alarm.told}),
        rang=sum(lasting),
        longest=max(lasting, default=0),
    )


def plain(alarm: Alarm) -> dict[str, Any]:
    """One alert for machines; times as RFC 3339."""
    said: Mapping[str, Any] = asdict(alarm)
    return {**said, "opened": _instant(alarm.opened), "ended": _instant(alarm.ended), "told": list(alarm.told)}


def _instant(ms: int | None) -> str | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
