"""Flows: what each minute of event time contributed, told at minute close, corrected when late facts come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sharedchain.core import rows, windows, wire
from sharedchain.core.dims import text, text_of
from sharedchain.core.emit import Emitter
from sharedchain.core.localtime import MINUTE, local_day, minute_of
from sharedchain.core.measures import Constant, Count, Measure, matches
from sharedchain.core.state import NEVER, FlowRow, ScopeState, Setpoint
from sharedchain.fact import ACTOR, INGEST, Fact

_DAY = 86_400_000
ENVELOPE = ("month", "type", "meta.origin")  # what every event has, beside its fields


def count(
    scope: ScopeState, fact: Fact, measures: Iterable[Measure], windowed: windows.Windowed = windows.NO_WINDOWS
) -> bool:
    """Add one fact to its minute; True if a window has to be sampled.

    A fact too late for the memory of a measure, or of another day yet to come, counts in the minute in which it was
    recorded: not when it happened, but exactly once.
    """
    now, moved, place = minute_of(fact.recorded), False, (fact.partition, fact.seq)
    for measure in measures:
        said = measure.count
        assert said is not None
        if (said.where or said.test) and not _wanted(scope, said, fact):
            continue
        minute = minute_of(fact.time) if said.by == "time" else now
        if not now - measure.memory_days * _DAY <= minute <= now + _DAY:
            minute = now
        amount = Decimal(1) if not said.add else wire.number(fact.data.get(said.add)) or Decimal(0)
        for names in measure.dims:
            values = tuple([_dim(scope, name, said, fact) for name in names])
            said_dims = text_of(names, values)
            key = f"{measure.id}|{minute}|{said_dims}"
            moved |= windows.add(scope, windowed, measure.id, minute, said_dims, amount, place)
            row = scope.flows.get(key)
            if row is None:
                dims = dict(zip(names, values, strict=True))
                scope.flows[key] = FlowRow(measure.id, minute, dims, amount, 1)
            else:
                row.value += amount
                row.n += 1
            scope.dirty_flows[key] = None
    return moved


def close(scope: ScopeState, name: str, now: int, measures: Mapping[str, Measure], currency: str, out: Emitter) -> None:
    """Tell every minute that is over and was touched since it was told last."""
    ready = [key for key in scope.dirty_flows if scope.flows[key].minute + MINUTE <= now]
    for key in sorted(ready, key=lambda key: (scope.flows[key].minute, key)):
        row = scope.flows[key]
        del scope.dirty_flows[key]
        measure = measures.get(row.measure)
        if measure is None:  # taken out of the config meanwhile
            del scope.flows[key]
            continue
        _tell(row, measure, name, currency, out)
        row.told = row.value
        if measure.count and measure.count.by == "recorded":
            del scope.flows[key]  # no later fact can reach this minute


def due(scope: ScopeState) -> int:
    """The first instant at which `close` has something to tell."""
    return min((scope.flows[key].minute + MINUTE for key in scope.dirty_flows), default=NEVER)


def forget(scope: ScopeState, now: int, measures: Mapping[str, Measure]) -> None:
    """Drop told minutes beyond each measure's memory; no later fact reaches them."""
    old = [
        key
        for key, row in scope.flows.items()
        if key not in scope.dirty_flows
        and (row.measure not in measures or row.minute < now - (measures[row.measure].memory_days + 1) * _DAY)
    ]
    for key in old:
        del scope.flows[key]


def _tell(row: FlowRow, measure: Measure, scope: str, currency: str, out: Emitter) -> None:
    data: dict[str, Any] = {
        "metric_id": row.measure,
        "dims": dict(row.dims),
        "minute": row.minute,
        "value": wire.rate(row.value, measure.scale),
        "n": row.n,
        "unit": currency if measure.unit == "currency" else measure.unit,
    }
    subject = f"{row.measure} {text(row.dims)} {row.minute}"
    out.add("metric.minute.computed", scope=scope, subject=subject, maker=row.measure, data=data, time=row.minute)
    if row.told is not None and row.told != row.value:
        late = {**data, "old": wire.rate(row.told, measure.scale), "reason": "late"}
        out.add("metric.corrected", scope=scope, subject=subject, maker=row.measure, data=late, time=row.minute)


def _wanted(scope: ScopeState, said: Count, fact: Fact) -> bool:
    """Whether an event passes the flow's filter and its named test."""
    for path, match in said.where.items():
        if not matches(match, _reader(path)(scope, fact)):
            return False
    return not said.test or TESTS[said.test](scope, fact)


def _dim(scope: ScopeState, name: str, said: Count, fact: Fact) -> str:
    """A dim's value; absent = empty text."""
    path = said.path(fact.type, name)
    value = path.constant if isinstance(path, Constant) else _reader(path)(scope, fact)
    return "" if value is None else wire.name(str(value))


@lru_cache(maxsize=1024)
def _reader(path: str) -> Callable[[ScopeState, Fact], Any]:
    """Reads a field; `month` of the event in the business zone, `type`, `meta.origin`; or a field of an entity that the
    event names."""
    match path:
        case "month":
            return lambda scope, fact: f"{local_day(fact.time, scope.timezone):%Y-%m}"
        case "type":
            return lambda _, fact: fact.type
        case "meta.origin":
            return lambda _, fact: "derived" if fact.kind == "fact" and fact.source in (ACTOR, INGEST) else "published"
    kind, dot, name = path.partition(".")
    if not dot:
        return lambda _, fact: fact.data.get(path)
    named = f"{kind}_id"
    return lambda scope, fact: getattr(rows.entity(scope, kind, str(fact.data.get(named) or "")), name, None)


def _judged(scope: ScopeState, fact: Fact) -> tuple[Decimal, Setpoint] | None:
    """A reading and the setpoint it is held against, where both are known."""
    equipment = scope.equipment.get(str(fact.data.get("equipment_id")))
    setpoint = equipment.setpoints.get(str(fact.data.get("metric"))) if equipment else None
    value = wire.number(fact.data.get("value"))
    return (value, setpoint) if value is not None and setpoint is not None else None


def has_setpoint(scope: ScopeState, fact: Fact) -> bool:
    """A reading of a parameter that the equipment's master record gives a setpoint."""
    return _judged(scope, fact) is not None


def within_setpoint(scope: ScopeState, fact: Fact) -> bool:
    """A reading no farther from its setpoint than the tolerance."""
    found = _judged(scope, fact)
    return found is not None and abs(found[0] - found[1].value) <= found[1].tolerance


TESTS: Mapping[str, Callable[[ScopeState, Fact], bool]] = {
    "has_setpoint": has_setpoint,
    "within_setpoint": within_setpoint,
}
