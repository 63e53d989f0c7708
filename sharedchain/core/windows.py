"""Windows over flows: what the last days, or minutes, contributed, kept as one sum a day or a minute.

A fact adds to the day, and to the minute, that the flow counts it in, late ones too; a row that was told stands as
what was known then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from sharedchain.core.dims import text_of
from sharedchain.core.localtime import MINUTE, local_day, minute_of
from sharedchain.core.measures import Measure, Window
from sharedchain.core.reducers import Reading
from sharedchain.core.state import DaySum, Place, ScopeState, remember

_DAYS = {"day": 1, "7d": 7, "28d": 28}
_KEPT = 29  # days: the longest window before today
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Windowed:
    """The flows that windows of days read, those that windows of minutes read with their spans, and those that have
    to be sampled when they change."""

    flows: frozenset[str] = frozenset()
    minute: frozenset[str] = field(default_factory=frozenset)
    spans: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # minutes, ascending


NO_WINDOWS = Windowed()


def declare(measures: Iterable[Measure]) -> Windowed:
    said = [measure.window for measure in measures if measure.window]
    spans: dict[str, set[int]] = {}
    for window in said:
        for flow in window.of if window.minutes else ():
            spans.setdefault(flow, set()).add(window.minutes)
    return Windowed(
        frozenset(flow for window in said if not window.minutes for flow in window.of),
        frozenset(flow for window in said if window.at == "minute" for flow in window.of),
        {flow: tuple(sorted(spans[flow])) for flow in sorted(spans)},
    )


def add(
    scope: ScopeState, windowed: Windowed, flow: str, minute: int, dims: str, amount: Decimal, place: Place
) -> bool:
    """Count into a day, and a minute, what a flow counts into a minute; True if a window has to be sampled."""
    if flow in windowed.flows:
        _day(scope, flow, dims, local_day(minute, scope.timezone).isoformat()).add(amount, 1, place)
    spans = windowed.spans.get(flow, ())
    if spans and minute > minute_of(scope.recorded) - spans[-1] * MINUTE:
        _minute(scope, flow, dims, minute, spans).add(amount, 1, place)
    if flow not in windowed.minute:
        return False
    scope.dirty_windows[f"{flow}|{dims}"] = None
    return True


def adopt(scope: ScopeState, windowed: Windowed) -> None:
    """When other flows are read, or the days begin elsewhere: sum the minutes that are remembered into days. Windows of
    minutes begin anew where a flow has other spans; what stood in them still leaves at its time."""
    said = {flow: [f"{flow}:{span}" for span in spans] for flow, spans in windowed.spans.items()}
    of = "|".join((scope.timezone, *sorted(windowed.flows), *(one for some in said.values() for one in some)))
    if scope.windows_of == of:
        return
    before = [one for one in scope.windows_of.split("|") if ":" in one]
    scope.windows_of, scope.days = of, {}
    for row in scope.flows.values():
        if row.measure in windowed.flows:
            dims = text_of(tuple(row.dims), tuple(row.dims.values()))
            _day(scope, row.measure, dims, local_day(row.minute, scope.timezone).isoformat()).add(row.value, row.n)
    for flow in list(scope.minutes):
        if said.get(flow) != [one for one in before if one.rpartition(":")[0] == flow]:
            del scope.minutes[flow]
    for at in list(scope.passing):
        kept = {key: None for key in scope.passing[at] if key.partition("|")[0] in windowed.spans}
        scope.passing[at] = kept


def passed(scope: ScopeState, before: int) -> int | None:
    """The first minute before that one in which a window changes though nothing happens."""
    first = min(scope.passing, default=before)
    return first if first < before else None


def forget(scope: ScopeState, day: date) -> None:
    """Drop the days that no window reaches any more."""
    first = (day - timedelta(days=_KEPT)).isoformat()
    for flow in list(scope.days):
        for dims, days in list(scope.days[flow].items()):
            for old in [iso for iso in days if iso < first]:
                del days[old]
            if not days:
                del scope.days[flow][dims]
        if not scope.days[flow]:
            del scope.days[flow]


def leave(scope: ScopeState, windowed: Windowed, at: int) -> dict[str, None]:
    """Drop the minutes that no window reaches at `at`; what changes in that minute, as flow|dims."""
    moved = scope.passing.pop(at, {})
    for key in moved:
        flow, _, dims = key.partition("|")
        first = at - (windowed.spans[flow][-1] - 1) * MINUTE
        kept = scope.minutes.get(flow, {})
        minutes = kept.get(dims, {})
        for old in [minute for minute in minutes if minute < first]:
            del minutes[old]
        if not minutes:
            kept.pop(dims, None)
    return moved


def due(scope: ScopeState, measure: Measure, *, daily: bool) -> list[dict[str, str]]:
    """The combinations of dims to read: at midnight all, else those that changed."""
    assert measure.window is not None
    if daily and not measure.window.minutes:
        found = {dims: None for flow in measure.window.of for dims in scope.days.get(flow, {})}
    elif measure.window.at == "minute":
        changed = [key.partition("|") for key in scope.dirty_windows]
        found = {dims: None for flow, _, dims in changed if flow in measure.window.of}
    else:
        found = {}
    every: list[dict[str, str]] = [json.loads(dims) for dims in sorted(found)]
    return [{name: dims[name] for name in names} for dims in every for names in measure.dims if set(names) == set(dims)]


def read(scope: ScopeState, measure: Measure, dims: Mapping[str, str], at: int, *, known: bool) -> Reading | None:
    """The value of one window; None = too few, or nothing at all. A count that has run out is 0 if it is `known`."""
    said = measure.window
    assert said is not None
    parts = [_sum(_kept(scope, said, flow, dims, at)) for flow in said.of]
    whole = parts[-1]
    n = int(whole.value) if len(parts) > 1 else whole.n
    if n < said.min_n or (whole.n == 0 and not (known and said.at == "minute" and len(parts) == 1)):
        return None
    if len(parts) == 1:
        return Reading(whole.value * said.factor, "", n, tuple(whole.sources))
    if whole.value == 0:
        return None
    sources = tuple(dict.fromkeys((*parts[0].sources, *whole.sources)))
    return Reading(parts[0].value / whole.value * said.factor, "", n, sources)


def _day(scope: ScopeState, flow: str, dims: str, iso: str) -> DaySum:
    return scope.days.setdefault(flow, {}).setdefault(dims, {}).setdefault(iso, DaySum(ZERO))


def _minute(scope: ScopeState, flow: str, dims: str, minute: int, spans: Sequence[int]) -> DaySum:
    """The sum of a minute; a new one is put down to be looked at when it leaves, and when it comes to be."""
    minutes = scope.minutes.setdefault(flow, {}).setdefault(dims, {})
    if minute not in minutes:
        minutes[minute] = DaySum(ZERO)
        now = minute_of(scope.recorded)
        for at in (minute, *(minute + span * MINUTE for span in spans)):
            if at > now:
                scope.passing.setdefault(at, {})[f"{flow}|{dims}"] = None
    return minutes[minute]


def _kept(scope: ScopeState, said: Window, flow: str, dims: Mapping[str, str], at: int) -> list[DaySum]:
    """The sums that the window holds at `at`, oldest first."""
    key = text_of(tuple(dims), tuple(dims.values()))
    if said.minutes:
        minutes, first = scope.minutes.get(flow, {}).get(key, {}), at - (said.minutes - 1) * MINUTE
        return [minutes[minute] for minute in sorted(minutes) if first <= minute <= at]
    today = local_day(at, scope.timezone)
    last = today - timedelta(days=1) if said.at == "daily" else today
    days = scope.days.get(flow, {}).get(key, {})
    span = [(last - timedelta(days=back)).isoformat() for back in reversed(range(_DAYS[said.span]))]
    return [days[iso] for iso in span if iso in days]


def _sum(kept: Iterable[DaySum]) -> DaySum:
    total = DaySum(ZERO)
    for one in kept:
        total.value, total.n = total.value + one.value, total.n + one.n
        for place in one.sources:
            remember(total.sources, place)
    return total
