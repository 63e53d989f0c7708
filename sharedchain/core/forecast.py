"""The forecast view: current version of each, its composition, the period's total."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sharedchain.core import citations, wire
from sharedchain.core.emit import Emitter
from sharedchain.core.localtime import local_day, midnight
from sharedchain.core.settings import Settings
from sharedchain.core.state import Forecast, ScopeState, Target, remember
from sharedchain.fact import Derived, Fact

ZERO = Decimal("0.00")
# What the view derives from a fact: rules may look at it as at a fact.
VIEW = frozenset({"forecast.live.updated", "forecast.line.unsupported", "forecast.line.cleared"})


def viewed(said: Iterable[Derived]) -> tuple[Derived, ...]:
    """What the view made of the fact, in order."""
    return tuple([event for event in said if event.type in VIEW])


def accept(scope: ScopeState, name: str, fact: Fact, settings: Settings, stale_days: int, out: Emitter) -> bool:
    """Take one `forecast.published`; True when it is the new current version.

    A version at or below the current one changes nothing and says nothing. The update says which lines have no
    support; the lines for which that is news are told one by one behind it.
    """
    id_, old = fact.data["forecast_id"], scope.forecasts.get(fact.data["forecast_id"])
    fresh = _read(fact, settings)
    if old is not None and fresh.version <= old.version:
        return False
    if old is not None:
        scope.periods.get(old.period, {}).pop(id_, None)
        touch(scope, old.period, fact)
    scope.forecasts[id_] = fresh
    scope.periods.setdefault(fresh.period, {})[id_] = None
    touch(scope, fresh.period, fact)
    changes = citations.enter(scope, id_, old, fresh)
    out.add(
        "forecast.live.updated",
        scope=name,
        subject=id_,
        maker="forecast",
        data=_live(scope, fact, old, settings, stale_days),
        time=fact.time,
        backfill=fact.backfill,
    )
    citations.tell(name, id_, fresh, changes, fact, out)
    return True


def set_target(scope: ScopeState, fact: Fact, settings: Settings) -> None:
    """Take one `target.set`."""
    data = fact.data
    old = scope.targets.get(data["target_id"])
    if old is not None:
        touch(scope, old.period, fact)
    scope.targets[data["target_id"]] = Target(
        period=wire.name(data.get("period") or ""),
        metric=data.get("metric") or "",
        amount=Decimal(data.get("amount") or 0),
        currency=data.get("currency") or settings.currency,
        parent=data.get("parent_target_id") or "",
        source=(fact.partition, fact.seq),
    )
    touch(scope, scope.targets[data["target_id"]].period, fact)


def touch(scope: ScopeState, period: str, fact: Fact) -> None:
    """The gauges of `period` must be sampled at the close of this minute."""
    remember(scope.dirty_periods.setdefault(period, []), (fact.partition, fact.seq))
    scope.touched = fact.recorded
    scope.only_backfill = scope.only_backfill and fact.backfill


def _read(fact: Fact, settings: Settings) -> Forecast:
    data = fact.data
    project = experience = ZERO
    for line in data.get("lines") or ():
        amount = Decimal(line.get("amount") or 0)
        if line.get("basis") == "PROJECT":
            project += amount
        else:
            experience += amount
    return Forecast(
        version=int(data.get("version") or 0),
        period=wire.name(data.get("period") or ""),
        org_id=data.get("org_id") or "",
        region=wire.name(data.get("region") or ""),
        owner_id=data.get("owner_id") or "",
        currency=data.get("currency") or settings.currency,
        project=project,
        experience=experience,
        refreshed_at=fact.time,
        source=(fact.partition, fact.seq),
        settled=fact.backfill,
        lines={} if fact.backfill else citations.read(data.get("lines") or ()),
    )


def _live(scope: ScopeState, fact: Fact, old: Forecast | None, settings: Settings, stale_days: int) -> dict[str, Any]:
    now = scope.forecasts[fact.data["forecast_id"]]
    stale_on = local_day(now.refreshed_at, settings.timezone) + timedelta(days=stale_days + 1)
    peers = (scope.forecasts[id_] for id_ in scope.periods[now.period])
    return {
        "forecast_id": fact.data["forecast_id"],
        "version": now.version,
        "period": now.period,
        "org_id": now.org_id,
        "region": now.region,
        "owner_id": now.owner_id,
        "currency": now.currency,
        "old_total": wire.money(old.total) if old else None,
        "new_total": wire.money(now.total),
        "project_part": wire.money(now.project),
        "experience_part": wire.money(now.experience),
        "period_total": wire.money(sum((f.total for f in peers if f.currency == now.currency), ZERO)),
        "lines": list(fact.data.get("lines") or ()),
        "refreshed_at": now.refreshed_at,
        "stale_after": midnight(stale_on, settings.timezone),
        "stale_days": stale_days,
        "unsupported": citations.unsupported(now),
    }
