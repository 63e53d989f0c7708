"""Which readings are worth telling. Pure; kept per (tenant, equipment, metric).

Told are: the first reading of each window (so that silence is noticed where time is kept), each reading that leaves or
enters its setpoint's range, and each that leaves or enters what was usual. Rules R-36, R-36b and R-37 judge what is
told as they judge any reading; R-37 says the same as if it had seen every one (tested): between two tellings nothing
crossed a border. Judged is what is newer than all before it: a late reading, or one that a gateway repeats, corrects
its minute (or does not, being repeated) and says nothing of how things stand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from sharedchain.telemetry import Reading

SCALE = 10_000  # readings are judged in ten-thousandths, as the spine will hold them
SIGMAS = 6
_ENOUGH, _MEMORY = 30, 1000  # readings: before that nothing is usual; older ones fade behind so many
Key = tuple[str, str, str]  # tenant, equipment, metric
KEY = ("tenant", "equipment_id", "metric")


class Limit(NamedTuple):
    """Borders in ten-thousandths, both within; `unit` empty: any."""

    low: int
    high: int
    unit: str


Limits = Mapping[Key, Limit]


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered: the newest window, on which side of which border, what is usual, and the newest moment of
    each component."""

    window: int = -1
    outside: bool = False
    odd: bool = False
    n: int = 0
    mean: float = 0.0
    m2: float = 0.0
    newest: Mapping[str, int] = field(default_factory=dict)

    def usual(self, low: float, high: float) -> bool:
        """Whether all from `low` to `high` is within six deviations; also while too little is known."""
        if self.n < _ENOUGH or not self.m2:
            return True
        reach = SIGMAS * math.sqrt(self.m2 / self.n)
        return self.mean - reach <= low and high <= self.mean + reach

    def and_so(self, window: int, outside: bool, odd: bool, n: int, mean: float, m2: float, of: str, at: int) -> State:
        """After `n` more readings of component `of`, the newest at `at`; `m2`: the sum of their squared deviations."""
        kept = min(self.n, _MEMORY)
        fade = kept / self.n if self.n else 1.0
        whole, apart = kept + n, mean - self.mean
        return State(
            max(window, self.window), outside, odd, whole,
            self.mean + apart * n / whole, self.m2 * fade + m2 + apart * apart * kept * n / whole,
            {**self.newest, of: at},
        )  # fmt: skip


def scaled(value: float) -> int:
    return math.floor(value * SCALE + 0.5)


def judged(state: State, one: Reading, limit: Limit | None, window: int) -> tuple[State, bool]:
    """The state after one reading, and whether it is told. `window` in ms."""
    if one.at <= state.newest.get(one.component_id, -1):
        return state, False
    value, now = scaled(one.value), one.at // window
    outside = state.outside
    if limit and (one.unit is None or not limit.unit or one.unit == limit.unit):
        outside = not limit.low <= value <= limit.high
    odd = not state.usual(value, value)
    told = now > state.window or outside != state.outside or odd != state.odd
    return state.and_so(now, outside, odd, 1, value, 0.0, one.component_id, one.at), told


def told(readings: pl.DataFrame, states: dict[Key, State], limits: Limits, window: int) -> list[Reading]:
    """Of readings of one partition those worth telling, in the order of their offsets; `states` goes on."""
    fresh = readings.filter(~pl.col("backfill"))
    value = (pl.col("value") * SCALE + 0.5).floor()
    groups = fresh.group_by(KEY).agg(
        first=pl.col("at").min(), last=pl.col("at").max(), of=pl.col("component_id").first(),
        components=pl.col("component_id").n_unique(), low=value.min(), high=value.max(), n=pl.len(), mean=value.mean(),
        m2=(value - value.mean()).pow(2).sum(), unit=pl.col("unit").first(), units=pl.col("unit").n_unique(),
    )  # fmt: skip
    close: list[Key] = []
    for one in map(_Group._make, groups.iter_rows()):
        key, state = one.key, states.get(one.key)
        if state is None or not _uniform(one, state, limits.get(key), window):
            close.append(key)
        else:
            states[key] = state.and_so(
                one.last // window, state.outside, state.odd, one.n, one.mean, one.m2, one.of, one.last
            )
    return _one_by_one(fresh, close, states, limits, window) if close else []


class _Group(NamedTuple):
    """What a slice says of one metric."""

    tenant: str
    equipment_id: str
    metric: str
    first: int
    last: int
    of: str
    components: int
    low: int
    high: int
    n: int
    mean: float
    m2: float
    unit: str | None
    units: int

    @property
    def key(self) -> Key:
        return self.tenant, self.equipment_id, self.metric


def _uniform(group: _Group, state: State, limit: Limit | None, window: int) -> bool:
    """Whether none of a metric's readings can be worth telling, as far as their extremes say."""
    mixed = group.components > 1 or group.units > 1
    if mixed or group.last // window > state.window or group.first <= state.newest.get(group.of, -1):
        return False
    if limit and (group.unit is None or not limit.unit or group.unit == limit.unit):
        within = limit.low <= group.low and group.high <= limit.high
        without = group.high < limit.low or group.low > limit.high
        if not (without if state.outside else within):
            return False
    return not state.odd and state.usual(group.low, group.high)


def _one_by_one(
    fresh: pl.DataFrame, close: list[Key], states: dict[Key, State], limits: Limits, window: int
) -> list[Reading]:
    wanted = pl.DataFrame(close, dict.fromkeys(KEY, pl.String), orient="row")
    rows = fresh.join(wanted, on=KEY, how="semi").sort("offset", "nth")
    return told_rows(map(Reading._make, rows.iter_rows()), states, limits, window)


def told_rows(readings: Iterable[Reading], states: dict[Key, State], limits: Limits, window: int) -> list[Reading]:
    """The same for a few readings: no frame is built for them."""
    found: list[Reading] = []
    for one in readings:
        if one.backfill:
            continue
        key = (one.tenant, one.equipment_id, one.metric)
        states[key], told_ = judged(states.get(key, State()), one, limits.get(key), window)
        if told_:
            found.append(one)
    return found
