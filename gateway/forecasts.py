"""What a forecast says now: composition, age, the stale label. Pure: rows in, JSON data out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from gateway.queries import CLEARED, REFRESH, UNSUPPORTED, UPDATED
from sharedchain.core.localtime import local_day
from sharedchain.envelope import parse_time, rfc3339

_TIMES = ("refreshed_at", "stale_after")
Place = tuple[int, int]  # seq, n


def present(rows: Iterable[Mapping[str, Any]], now: int, zone: str) -> list[dict[str, Any]]:
    """The forecasts that `rows` of `queries.live_facts` tell of, by id. `now` in ms and `zone` give their age.

    `period_total` is the sum over these: ask with the rows of all forecasts.
    """
    live: dict[str, tuple[Place, dict[str, Any]]] = {}
    later: list[tuple[Place, str, dict[str, Any]]] = []
    for row in rows:
        data, place = json.loads(row["data"]), (row["seq"], row["n"])
        if row["type"] == UPDATED:
            live[data["forecast_id"]] = (place, data)
        else:
            later.append((place, row["type"], data))
    made = {name: _one(data, now, zone) for name, (_, data) in sorted(live.items())}
    lines: dict[str, dict[str, Any]] = {
        name: dict.fromkeys(data.get("unsupported") or (), None) for name, (_, data) in live.items()
    }
    for place, kind, data in sorted(later, key=lambda one: one[0]):
        name = data["forecast_id"]
        if name not in live:
            continue
        news = place > live[name][0]  # else said of an earlier version
        if kind == REFRESH and news:
            made[name] |= {"stale": True, "stale_since_age_days": data.get("age_days")}
        elif kind == UNSUPPORTED and (news or data["line_id"] in lines[name]):
            lines[name][data["line_id"]] = data
        elif kind == CLEARED and news:
            lines[name].pop(data["line_id"], None)
    totals = _totals(made.values())
    for name, one in made.items():
        one["period_total"] = totals[one.get("period"), one["currency"]]
        one["unsupported_lines"] = [_line(line, said or {}) for line, said in sorted(lines[name].items())]
    return list(made.values())


def _one(data: dict[str, Any], now: int, zone: str) -> dict[str, Any]:
    refreshed = milliseconds(data["refreshed_at"])
    said = {name: value for name, value in spoken(data).items() if name != "unsupported"}  # as it was then
    return said | {
        "age_days": max(0, (local_day(now, zone) - local_day(refreshed, zone)).days),  # as M-15 and R-01 count
        "stale": False,  # until the log says so: forecast.refresh.requested
        "stale_since_age_days": None,
        "unsupported_lines": [],
    }


def _totals(items: Iterable[Mapping[str, Any]]) -> dict[tuple[str | None, str], str]:
    """Of each period and currency, now: an update knows the total of its own moment only."""
    totals: dict[tuple[str | None, str], Decimal] = {}
    for one in items:
        key = (one.get("period"), one["currency"])
        totals[key] = totals.get(key, Decimal(0)) + Decimal(one["new_total"])
    return {key: str(total) for key, total in totals.items()}


def _line(line: str, said: Mapping[str, Any]) -> dict[str, Any]:
    return {"line_id": line, "opportunity_id": said.get("opportunity_id"), "cause": said.get("cause")}


def spoken(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a live event with its times as RFC 3339 text."""
    times = {name: rfc3339(milliseconds(data[name])) for name in _TIMES if data.get(name) is not None}
    return {**data, **times}


def history(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The versions in `rows` of `queries.forecast_history`, newest first."""
    made = []
    for row in rows:
        live = json.loads(row["live"])
        names = ("version", "old_total", "new_total", "project_part", "experience_part", "currency")
        by = row["actor"] or live.get("owner_id")
        made.append({name: live.get(name) for name in names} | {"by": by, "at": row["recorded"], "id": row["id"]})
    return made


def milliseconds(value: Any) -> int:
    """A timestamp of canonical JSON: a number of milliseconds, or RFC 3339 text."""
    return parse_time(value) if isinstance(value, str) else int(value)
