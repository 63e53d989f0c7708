"""Windows over flows: what the last days contributed, kept as one sum a day beside the minutes.

A fact adds to the day of its own minute, late ones too; a row that was told stands as what was known then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from sharedchain.core.dims import text_of
from sharedchain.core.localtime import local_day
from sharedchain.core.measures import Measure
from sharedchain.core.reducers import Reading
from sharedchain.core.state import DaySum, Place, ScopeState, remember

_DAYS = {"day": 1, "7d": 7, "28d": 28}
_KEPT = 29  # days: the longest window before today
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Windowed:
    """The flows that windows read: those of `minute` ones have to be sampled when they change."""

    flows: frozenset[str] = frozenset()
    minute: frozenset[str] = field(default_factory=frozenset)


NO_WINDOWS = Windowed()


def declare(measures: Iterable[Measure]) -> Windowed:
    said = [measure.window for measure in measures if measure.window]
    return Windowed(
        frozenset(flow for window in said for flow in window.of),
        frozenset(flow for window in said if window.at == "minute" for flow in window.of),
    )


def add(
    scope: ScopeState, windowed: Windowed, flow: str, minute: int, dims: str, amount: Decimal, place: Place
) -> bool:
    """Count into a day what a flow counts into a minute; True if a window has to be sampled."""
    if flow not in windowed.flows:
        return False
    _day(scope, flow, dims, local_day(minute, scope.timezone).isoformat()).add(amount, 1, place)
    if flow not in windowed.minute:
        return False
    scope.dirty_windows[f"{flow}|{dims}"] = None
    return True


def adopt(scope: ScopeState, windowed: Windowed) -> None:
    """When other flows are read, or the days begin elsewhere: sum the minutes that are remembered."""
    of = "|".join((scope.timezone, *sorted(windowed.flows)))
    if scope.windows_of == of:
        return
    scope.windows_of, scope.days = of, {}
    for row in scope.flows.values():
        if row.measure in windowed.flows:
            dims = text_of(tuple(row.dims), tuple(row.dims.values()))
            _day(scope, row.measure, dims, local_day(row.minute, scope.timezone).isoformat()).add(row.value, row.n)


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


def due(scope: ScopeState, measure: Measure, *, daily: bool) -> list[dict[str, str]]:
    """The combinations of dims to read: at midnight all, else those that changed."""
    assert measure.window is not None
    if daily:
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
    today = local_day(at, scope.timezone)
    last = today - timedelta(days=1) if said.at == "daily" else today
    span = [(last - timedelta(days=back)).isoformat() for back in range(_DAYS[said.span])]
    parts = [_sum(scope, flow, dims, span) for flow in said.of]
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


def _sum(scope: ScopeState, flow: str, dims: Mapping[str, str], span: Sequence[str]) -> DaySum:
    found = scope.days.get(flow, {}).get(text_of(tuple(dims), tuple(dims.values())), {})
    total = DaySum(ZERO)
    for iso in reversed(span):
        if iso in found:
            total.value, total.n = total.value + found[iso].value, total.n + found[iso].n
            for place in found[iso].sources:
                remember(total.sources, place)
    return total
