"""How far the signing of a period lags behind its calendar: sampled at local midnight, per period with a target."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from sharedchain.core import wire
from sharedchain.core.emit import Emitter
from sharedchain.core.gauges import Change, emit_row, key_of
from sharedchain.core.measures import Measure
from sharedchain.core.periods import elapsed, span
from sharedchain.core.reducers import Group, Reading, sales_target
from sharedchain.core.state import Sample, ScopeState

BEHIND = "target.behind"  # the reducer's name
SIGNED = "M-20.signed"  # what is signed of a period


def sample(scope: ScopeState, name: str, measure: Measure, day: date, minute: int, out: Emitter) -> list[Change]:
    """Emit a row for each period whose lag changed by the midnight that begins `day`, and say which."""
    changes = []
    for period, reading in _readings(scope, day):
        dims = {"period": period}
        known = scope.gauges.get(key_of(measure.id, dims))
        value = wire.rate(reading.value, measure.scale)
        if known is not None and known.value == value:
            continue
        row = Sample(dims, minute, value, reading.n, measure.unit, known.value if known else None)
        row.sources = list(reading.sources)
        scope.gauges[key_of(measure.id, dims)] = row
        changes.append(Change(measure, dims, row))
        emit_row(name, changes[-1], out)
    return changes


def _readings(scope: ScopeState, day: date) -> Iterator[tuple[str, Reading]]:
    """Elapsed share less signed share; a period that has not begun has none, nor one signed in another currency."""
    for period in sorted({target.period for target in scope.targets.values()}):
        days, over = span(period), elapsed(period, day)
        target = sales_target(Group((), [t for t in scope.targets.values() if t.period == period]))
        if days is None or over is None or day < days[0] or target is None or target.value <= 0:
            continue
        signed = scope.gauges.get(key_of(SIGNED, {"period": period}))
        done = signed.value if signed is not None and signed.value is not None else Decimal(0)
        if signed is not None and done and signed.unit != target.unit:
            continue
        places = (*target.sources, *(signed.sources if signed is not None else ()))
        yield period, Reading(over - done / target.value, "", target.n, tuple(dict.fromkeys(places)))
