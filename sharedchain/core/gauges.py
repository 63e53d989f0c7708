"""Gauges: sampled at minute close, at local midnight, or both; one row when the value changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from sharedchain.core import aggregates, rowvalues, windows, wire
from sharedchain.core.cel import CelError
from sharedchain.core.dims import text
from sharedchain.core.emit import Emitter
from sharedchain.core.localtime import local_day
from sharedchain.core.measures import Measure, moves_by_minute
from sharedchain.core.reducers import REDUCERS, Group, Reading
from sharedchain.core.state import Place, Sample, ScopeState


@dataclass(frozen=True, slots=True)
class Change:
    """One new row, and what the rules on it need."""

    measure: Measure
    dims: Mapping[str, str]
    sample: Sample


@dataclass(slots=True)
class _Pass:
    """One sampling of one period: readings by (measure, dims), and the measures whose value moved."""

    readings: dict[tuple[str, str], Reading | None]
    moved: dict[tuple[str, str], None]
    causes: tuple[Place, ...]
    measures: Mapping[str, Measure]
    at: int  # the instant that ages count to
    daily: bool = False
    rowed: rowvalues.Rowed = rowvalues.NO_ROWS
    failed: dict[str, str] = field(default_factory=dict)  # measure → what could not be computed


def key_of(measure: str, dims: Mapping[str, str]) -> str:
    return f"{measure}|{text(dims)}"


def sample_period(
    scope: ScopeState, name: str, period: str, measures: Sequence[Measure], minute: int, out: Emitter
) -> list[Change]:
    """Compute every minute gauge of `period`, emit a row for each that changed, and say which."""
    groups = {text(dims): (dims, group) for dims, group in _groups(scope, period)}
    run = _Pass({}, {}, tuple(scope.dirty_periods.get(period, ())), {m.id: m for m in measures}, minute)
    changes: list[Change] = []
    for measure in measures:
        if not (measure.reducer or measure.computed) or measure.kind != "gauge" or measure.sample == "daily":
            continue
        for wanted in measure.dims:
            for said, (dims, group) in groups.items():
                if tuple(dims) != wanted:
                    continue
                reading = _read(scope, measure, dims, group, run)
                run.readings[measure.id, said] = reading
                change = _store(scope, measure, dims, reading, minute, run)
                if change is not None:
                    run.moved[measure.id, said] = None
                    changes.append(change)
    for change in changes:
        emit_row(name, change, out)
    return changes


def sample_entities(
    scope: ScopeState,
    name: str,
    measures: Sequence[Measure],
    minute: int,
    out: Emitter,
    *,
    rowed: rowvalues.Rowed = rowvalues.NO_ROWS,
    failed: dict[str, str] | None = None,
    daily: bool = False,
) -> list[Change]:
    """Read every bucket, row and window that is dirty, and what is computed of it; emit a row for each that changed.

    `daily`: at local midnight those that age, too. What could not be computed is put into `failed`, by measure.
    """
    keys = _due_buckets(scope, measures, minute, daily=daily)
    causes = dict.fromkeys(
        place for some in keys.values() for key in some for place in scope.dirty_buckets.get(key, ())
    )
    known, errors = {m.id: m for m in measures}, {} if failed is None else failed
    changes = _sampled(
        scope, name, measures, keys, _Pass({}, {}, tuple(causes), known, minute, daily, rowed, errors), out
    )
    scope.dirty_rows.clear()
    scope.dirty_windows.clear()
    return changes


def sample_windows(
    scope: ScopeState, name: str, measures: Sequence[Measure], minute: int, out: Emitter
) -> list[Change]:
    """Read the windows that are dirty, and what is computed of them, and nothing else; a row for each that changed."""
    run = _Pass({}, {}, (), {m.id: m for m in measures}, minute)
    return _sampled(scope, name, [m for m in measures if m.window or m.computed], {}, run, out)


def _sampled(
    scope: ScopeState,
    name: str,
    measures: Iterable[Measure],
    keys: Mapping[str, list[str]],
    run: _Pass,
    out: Emitter,
) -> list[Change]:
    changes: list[Change] = []
    for measure in measures:
        for dims, reading in list(_readings(scope, measure, keys.get(measure.id, []), run)):
            run.readings[measure.id, text(dims)] = reading
            change = _store(scope, measure, dims, reading, run.at, run)
            if change is not None:
                run.moved[measure.id, text(dims)] = None
                changes.append(change)
    for change in changes:
        emit_row(name, change, out)
    return changes


def _due_buckets(scope: ScopeState, measures: Iterable[Measure], at: int, *, daily: bool) -> dict[str, list[str]]:
    """Keys of the buckets to read, by measure, sorted."""
    found: dict[str, list[str]] = {}
    for key in sorted(scope.dirty_buckets):
        found.setdefault(scope.buckets[key].measure, []).append(key)
    aging = {m.id for m in measures if m.entities and m.sample != "minute"} if daily else set()
    if aging:
        before = (local_day(at, scope.timezone) - timedelta(days=1)).isoformat()
        wanted = (key for key, b in scope.buckets.items() if b.measure in aging and b.day in ("", before))
        for key in sorted(wanted):
            some = found.setdefault(scope.buckets[key].measure, [])
            if key not in scope.dirty_buckets:
                some.append(key)
    return found


def _readings(
    scope: ScopeState, measure: Measure, keys: Iterable[str], run: _Pass
) -> Iterator[tuple[dict[str, str], Reading | None]]:
    """Of an entity gauge the buckets under `keys`; of a computed one the combinations in which an input was read."""
    if measure.entities is not None:
        for key in keys:
            bucket, places = scope.buckets[key], tuple(scope.dirty_buckets.get(key, ()))
            yield bucket.dims, aggregates.read(measure, bucket, run.at, scope.timezone, places)
            aggregates.settle(scope, key)
    elif measure.row is not None and measure.id in run.rowed.by_id:
        yield from _row_readings(scope, run.rowed.by_id[measure.id], run)
    elif measure.window is not None:
        for dims in windows.due(scope, measure, daily=run.daily):
            known = scope.gauges.get(key_of(measure.id, dims))
            reading = windows.read(scope, measure, dims, run.at, known=known is not None)
            if reading is not None or (known and measure.window.minutes):
                yield dims, reading
    elif measure.kind == "gauge" and measure.computed and measure.sample != "daily":
        combinations = dict.fromkeys(said for id_, said in run.readings if id_ in measure.computed.of)
        for said in combinations:
            found: dict[str, str] = json.loads(said)
            for names in measure.dims:
                if set(names) == found.keys():
                    dims = {name: found[name] for name in names}
                    yield dims, _read(scope, measure, dims, _group(scope, measure, dims), run)


def _row_readings(
    scope: ScopeState, ready: rowvalues.ReadyRow, run: _Pass
) -> Iterator[tuple[dict[str, str], Reading | None]]:
    for name in rowvalues.due(scope, ready, daily=run.daily):
        reading = rowvalues.read(scope, ready, name, run.at)
        if isinstance(reading, CelError):
            run.failed.setdefault(ready.measure.id, reading.text)
        else:
            yield rowvalues.dims(ready, name), reading


def sample_ages(scope: ScopeState, name: str, day: date, minute: int, measure: Measure, out: Emitter) -> list[Change]:
    """The daily gauge of each forecast: days since its last version, at the midnight that begins `day`.

    A version dated later than that midnight has no age yet: no row.
    """
    known = sorted(id_ for id_, forecast in scope.forecasts.items() if forecast.refreshed_at <= minute)
    changes = [age_of(scope, id_, day, minute, measure) for id_ in known]
    for change in changes:
        scope.gauges[key_of(measure.id, change.dims)] = change.sample
        emit_row(name, change, out)
    return changes


def age_of(scope: ScopeState, forecast_id: str, day: date, minute: int, measure: Measure) -> Change:
    """Calendar days of the business zone from the forecast's last version to `day`; nothing is stored."""
    forecast, dims = scope.forecasts[forecast_id], {"forecast": forecast_id}
    known = scope.gauges.get(key_of(measure.id, dims))
    age = (day - local_day(forecast.refreshed_at, scope.timezone)).days
    value = wire.rate(Decimal(age), measure.scale)
    before = known.value if known else None
    return Change(measure, dims, Sample(dims, minute, value, 1, measure.unit, before, [forecast.source]))


def standing(scope: ScopeState, period: str, measures: Iterable[Measure]) -> list[Change]:
    """The rows of `period` as they stand: what rules look at again after they changed. Movements are over."""
    found = []
    for measure in measures:
        if measure.kind != "gauge" or (measure.computed and measure.computed.op == "change"):
            continue
        for key, sample in scope.gauges.items():
            if sample.dims.get("period") == period and key == key_of(measure.id, sample.dims):
                found.append(Change(measure, sample.dims, sample))
    return found


def standing_of(scope: ScopeState, measures: Iterable[Measure], id_: str, dims: tuple[str, ...]) -> list[Change]:
    """The rows of one gauge with exactly these dims as they stand."""
    measure = next((one for one in measures if one.id == id_), None)
    if measure is None:
        return []
    rows = [sample for key, sample in scope.gauges.items() if key.partition("|")[0] == id_]
    return [Change(measure, sample.dims, sample) for sample in rows if tuple(sample.dims) == dims]


def standing_entities(scope: ScopeState, measures: Iterable[Measure]) -> list[Change]:
    """The same for the gauges without a period that are sampled by the minute."""
    wanted = {m.id: m for m in measures if m.kind == "gauge" and moves_by_minute(m)}
    found = []
    for key, sample in scope.gauges.items():
        measure = wanted.get(key.partition("|")[0])
        if measure is not None and "period" not in sample.dims:
            found.append(Change(measure, sample.dims, sample))
    return found


def emit_row(scope: str, change: Change, out: Emitter) -> None:
    sample = change.sample
    out.add(
        "metric.minute.computed",
        scope=scope,
        subject=f"{change.measure.id} {text(change.dims)} {sample.minute}",
        maker=change.measure.id,
        time=sample.minute,
        data={
            "metric_id": change.measure.id,
            "dims": dict(change.dims),
            "minute": sample.minute,
            "value": sample.value,
            "n": sample.n,
            "unit": sample.unit,
        },
    )


def _groups(scope: ScopeState, period: str) -> Iterator[tuple[dict[str, str], Group]]:
    """The period as a whole, then each region that has, or had, a forecast in it."""
    forecasts = [scope.forecasts[id_] for id_ in scope.periods.get(period, ())]
    targets = [target for target in scope.targets.values() if target.period == period]
    yield {"period": period}, Group(forecasts, targets)
    known = scope.regions.setdefault(period, {})
    known.update(dict.fromkeys(forecast.region for forecast in forecasts))
    for region in sorted(known):
        dims = {"period": period, "region": region}
        yield dims, Group([forecast for forecast in forecasts if forecast.region == region], ())


def _group(scope: ScopeState, measure: Measure, dims: Mapping[str, str]) -> Group:
    """The forecasts and targets of these dims, if the measure asks a reducer about a period."""
    period = dims.get("period", "")
    if not period or not measure.computed or all(name.startswith("M-") for name in measure.computed.of):
        return Group((), ())
    return next((group for said, group in _groups(scope, period) if said == dims), Group((), ()))


def _input(scope: ScopeState, name: str, dims: Mapping[str, str], group: Group, run: _Pass) -> Reading | None:
    """What a computed gauge is computed of: read in this pass, else as it stands."""
    if not name.startswith("M-"):
        return REDUCERS[name](group)
    key = key_of(name, dims)
    if (name, text(dims)) in run.readings:
        return run.readings[name, text(dims)]
    if run.measures[name].entities:
        return aggregates.read(run.measures[name], scope.buckets.get(key), run.at, scope.timezone, ())
    sample = scope.gauges.get(key)
    if sample is None or sample.value is None:
        return None
    unit = sample.unit if run.measures[name].unit == "currency" else ""
    return Reading(sample.value, unit, sample.n, tuple(sample.sources))


def _read(scope: ScopeState, measure: Measure, dims: Mapping[str, str], group: Group, run: _Pass) -> Reading | None:
    if measure.reducer:
        return REDUCERS[measure.reducer](group)
    assert measure.computed is not None
    if measure.computed.op == "change":
        return _change(scope, measure.computed.of[0], dims, run)
    parts = [_input(scope, name, dims, group, run) for name in measure.computed.of]
    given = [part for part in parts if part is not None]
    if len(given) < len(parts) or len({part.unit for part in given}) > 1:
        return None  # an input is missing, or two currencies meet: no value, never 0
    sources = tuple(dict.fromkeys(place for part in given for place in part.sources))
    first, rest = given[0], given[1:]
    match measure.computed.op:
        case "sum":
            return Reading(sum((p.value for p in rest), first.value), first.unit, max(p.n for p in given), sources)
        case "difference":
            return Reading(first.value - rest[0].value, first.unit, max(p.n for p in given), sources)
    if rest[0].value == 0:
        return None
    return Reading(first.value / rest[0].value, "ratio", max(p.n for p in given), sources)


def _change(scope: ScopeState, base: str, dims: Mapping[str, str], run: _Pass) -> Reading | None:
    """How far the base moved at this close, as a share of its last different value; None if it did not."""
    now = scope.gauges.get(key_of(base, dims))
    if (base, text(dims)) not in run.moved or now is None or now.value is None or not now.before:
        return None
    return Reading((now.value - now.before) / now.before, "ratio", now.n, run.causes)


def _store(
    scope: ScopeState, measure: Measure, dims: Mapping[str, str], reading: Reading | None, minute: int, run: _Pass
) -> Change | None:
    key = key_of(measure.id, dims)
    known = scope.gauges.get(key)
    value = wire.rate(reading.value, measure.scale) if reading else None
    moves = measure.computed is not None and measure.computed.op == "change"
    if moves and reading is None:
        return None  # nothing moved: the last movement stands
    if not moves and value == (known.value if known else None):
        if known is not None and reading is not None:
            known.sources = list(reading.sources)
        return None
    unit = reading.unit if reading and measure.unit == "currency" else measure.unit
    if reading is None and known is not None:
        unit = known.unit
    before = known.before if known and known.value is None else known.value if known else None
    sample = Sample(dict(dims), minute, value, reading.n if reading else 0, unit, before)
    sample.sources = list(reading.sources) if reading else list(run.causes)
    scope.gauges[key] = sample
    return Change(measure, dims, sample)
