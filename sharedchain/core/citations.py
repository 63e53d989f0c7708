"""Forecast lines follow their opportunities: a line whose opportunity is lost, missing or smaller has no support.

Only lines of current versions that cite an opportunity are followed, by an index from the opportunity, so that the cost
of a fact does not grow with all forecasts. Backfilled versions are settled history: their lines are not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from sharedchain.core.emit import Emitter
from sharedchain.core.state import Forecast, Line, ScopeState
from sharedchain.fact import Fact

_TOLD = 100  # line ids that one event names
MOVES = frozenset({"opportunity.created", "opportunity.amount.changed", "opportunity.signed", "opportunity.lost"})


@dataclass(frozen=True, slots=True)
class Change:
    """One line that lost its support, has another reason for having none, or (`cause` "") needs none any more."""

    line_id: str
    opportunity_id: str
    cause: str
    dropped: bool = False


def read(lines: Iterable[Mapping[str, Any]]) -> dict[str, Line]:
    """The lines that cite an opportunity; of two with one id, the later is told apart by its number."""
    found: dict[str, Line] = {}
    for number, line in enumerate(lines, 1):
        if line.get("basis") == "PROJECT" and line.get("opportunity_id"):
            id_ = str(line.get("line_id") or "")
            id_ = f"{id_}#{number}" if id_ in found else id_
            found[id_] = Line(line["opportunity_id"], Decimal(line.get("amount") or 0))
    return found


def enter(scope: ScopeState, forecast_id: str, old: Forecast | None, fresh: Forecast) -> list[Change]:
    """A version comes into force: index its lines, judge each, and say what changed against the version before."""
    before = old.lines if old else {}
    for line in before.values():
        citing = scope.cited.get(line.opportunity_id, {})
        citing.pop(forecast_id, None)
        if not citing:
            scope.cited.pop(line.opportunity_id, None)
    for id_, line in fresh.lines.items():
        line.cause = _cause(scope, line, fresh.currency)
        scope.cited.setdefault(line.opportunity_id, {}).setdefault(forecast_id, []).append(id_)
    return [*_changed(before, fresh.lines), *_dropped(before, fresh.lines)]


def follow(scope: ScopeState, name: str, fact: Fact, out: Emitter) -> None:
    """An opportunity moved: tell the lines that cite it and lost their support, or have it again."""
    for forecast_id, line_ids in scope.cited.get(fact.data["opportunity_id"], {}).items():
        forecast = scope.forecasts[forecast_id]
        changes: list[Change] = []
        for id_ in line_ids:
            line = forecast.lines[id_]
            cause = _cause(scope, line, forecast.currency)
            if cause != line.cause:
                line.cause, line.history = cause, fact.backfill
                changes.append(Change(id_, line.opportunity_id, cause))
        tell(name, forecast_id, forecast, changes, fact, out)


def tell(name: str, forecast_id: str, forecast: Forecast, changes: Iterable[Change], fact: Fact, out: Emitter) -> None:
    """One event a change; `left` names what is still unsupported when all of them have taken effect."""
    left = unsupported(forecast)
    for change in changes:
        data: dict[str, Any] = {"forecast_id": forecast_id, "line_id": change.line_id}
        data["opportunity_id"] = change.opportunity_id
        if change.cause:
            type_, data["cause"] = "forecast.line.unsupported", change.cause
        else:
            type_, data["cause"] = "forecast.line.cleared", "DROPPED" if change.dropped else "SUPPORTED"
            data["left"] = list(left)
        out.add(
            type_,
            scope=name,
            subject=forecast_id,
            maker=f"forecast/{change.line_id}",
            data=data,
            time=fact.time,
            backfill=fact.backfill,
        )


def unsupported(forecast: Forecast) -> list[str]:
    """Ids of its lines without support, in the order of the version: the first hundred."""
    return list(islice((id_ for id_, line in forecast.lines.items() if line.cause), _TOLD))


def _cause(scope: ScopeState, line: Line, currency: str) -> str:
    """Why the line has no support, "" if it has. Amounts of two currencies are not compared."""
    opportunity = scope.opportunities.get(line.opportunity_id)
    if opportunity is None:
        return "MISSING"
    if opportunity.lost is not None:
        return "LOST"
    exceeds = opportunity.currency == currency and line.amount > opportunity.amount
    return "AMOUNT_EXCEEDS" if exceeds else ""


def _changed(before: Mapping[str, Line], now: Mapping[str, Line]) -> Iterable[Change]:
    for id_, line in now.items():
        old = before.get(id_)
        was = (old.cause, old.opportunity_id) if old and old.cause else None
        news = (line.cause, line.opportunity_id) != was or (old is not None and old.history)
        if news and (line.cause or was):
            yield Change(id_, line.opportunity_id, line.cause)


def _dropped(before: Mapping[str, Line], now: Mapping[str, Line]) -> Iterable[Change]:
    return (
        Change(id_, line.opportunity_id, "", dropped=True)
        for id_, line in before.items()
        if line.cause and id_ not in now
    )
