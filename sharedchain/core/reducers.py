"""Named reducers: what a gauge reads from the forecasts and targets of one group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sharedchain.core.state import Forecast, Place, Target

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Group:
    """The inputs of one combination of dims."""

    forecasts: Sequence[Forecast]
    targets: Sequence[Target]


@dataclass(frozen=True, slots=True)
class Reading:
    """A value with its currency ("" = a bare number), how many inputs it has, and which facts."""

    value: Decimal
    unit: str
    n: int
    sources: tuple[Place, ...] = ()


Reducer = Callable[[Group], Reading | None]


def project_part(group: Group) -> Reading | None:
    """Σ of the lines that a project backs."""
    return _forecasts(group, lambda forecast: forecast.project)


def experience_part(group: Group) -> Reading | None:
    """Σ of the lines estimated by experience."""
    return _forecasts(group, lambda forecast: forecast.experience)


def sales_target(group: Group) -> Reading | None:
    """Σ of the sales targets that no other target contains."""
    roots = [t for t in group.targets if t.metric.casefold() == "sales" and not t.parent]
    return _total([(t.amount, t.currency, t.source) for t in roots])


def _forecasts(group: Group, part: Callable[[Forecast], Decimal]) -> Reading | None:
    return _total([(part(f), f.currency, f.source) for f in group.forecasts])


def _total(parts: Sequence[tuple[Decimal, str, Place]]) -> Reading | None:
    """No parts, no value; two currencies, no value: they are never added silently."""
    currencies = {currency for _, currency, _ in parts}
    if len(currencies) != 1:
        return None
    amount = sum((amount for amount, _, _ in parts), ZERO)
    return Reading(amount, parts[0][1], len(parts), tuple(source for _, _, source in parts))


REDUCERS: Mapping[str, Reducer] = {
    "forecast.project_part": project_part,
    "forecast.experience_part": experience_part,
    "target.sales": sales_target,
}
# Sampled at local midnight: per forecast (gauges.sample_ages), per period with a target (core/pace.py).
DAILY = ("forecast.age_days", "target.behind")
