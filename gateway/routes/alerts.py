"""GET /v1/alerts and /v1/alerts/{id}: what rang, why, and who was told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request

from gateway import queries
from gateway.access import Access, TenantGuard
from gateway.door import door_of
from gateway.problem import Problem
from gateway.reading import LIMIT, MOMENT, NAME, listing, moment, tenant

router = APIRouter()
_GUARD = Depends(TenantGuard("read", "alert"))


@router.get("/v1/alerts", summary="Alerts, newest first")
async def alerts(
    request: Request,
    access: Annotated[Access, _GUARD],
    state: Literal["open", "all"] = "all",
    severity: Literal["INFO", "YELLOW", "RED"] | None = None,
    rule: NAME = None,
    subject: NAME = None,
    at: MOMENT = None,
    limit: LIMIT = 100,
) -> dict[str, Any]:
    """The last word on each alert known at `at` (default: now)."""
    door = door_of(request)
    query = queries.alerts(
        access.tenant,
        state=state,
        severity=severity,
        rule=rule,
        subject=subject,
        at=moment("at", at),
        limit=limit,
    )
    rows = await door.store.rows(query)
    return listing(await tenant(door, access.tenant), [summary(row) for row in rows])


@router.get("/v1/alerts/{alert_id:path}", summary="One alert with its explanation and deliveries")
async def alert(request: Request, alert_id: str, access: Annotated[Access, _GUARD]) -> dict[str, Any]:
    """Everything that happened to one alert, oldest first."""
    door = door_of(request)
    rows = await door.store.rows(queries.alert_transitions(access.tenant, alert_id))
    if not rows:
        raise Problem(
            404, "no_such_alert", f"tenant {access.tenant} has no alert {alert_id}; GET /v1/alerts lists them"
        )
    told = await door.store.rows(queries.deliveries(access.tenant, alert_id))
    return summary(rows[-1]) | {
        "transitions": [transition(row) for row in rows],
        "deliveries": list(told),
        "tenant": (await tenant(door, access.tenant)).as_json(),
    }


def summary(row: Mapping[str, Any]) -> dict[str, Any]:
    """An alert as it stands after the transition in `row`."""
    state = "resolved" if row["transition"] == "resolved" else "open"
    return {name: value for name, value in row.items() if name not in ("transition", "explain")} | {"state": state}


def transition(row: Mapping[str, Any]) -> dict[str, Any]:
    """What one transition said, with the explanation as data."""
    names = ("transition", "at", "severity", "value", "value_text", "threshold", "unit", "rule_version")
    return {name: row[name] for name in names} | {"explain": explanation(row["explain"])}


def explanation(text: str) -> Any:
    """The explanation as data; as text if it is no JSON."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
