"""GET /v1/alerts and /v1/alerts/{id}: what rang, why, and who was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from gateway import queries, why
from gateway.access import Access, TenantGuard
from gateway.asked import places_of
from gateway.door import Door, door_of
from gateway.page import HEADERS, alert_page
from gateway.problem import Problem
from gateway.reading import LIMIT, MOMENT, NAME, listing, moment, tenant
from gateway.render import language_of, wants_html
from gateway.store import Row

router = APIRouter()
_OF_TRANSITION = ("transition", "explain", "partition", "seq")
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
    said = await _answers(door, access.tenant, rows, moment("at", at))
    return listing(await tenant(door, access.tenant), [summary(row, said) for row in rows])


@router.get(
    "/v1/alerts/{alert_id:path}/explain",
    summary="Why an alert rang: conditions, way, facts, what would end it",
    response_model=None,
)
async def explain(request: Request, alert_id: str, access: Annotated[Access, _GUARD]) -> dict[str, Any] | HTMLResponse:
    """The explanation as the alert carries it, each fact with what it is and where it was published."""
    found = await _why(request, alert_id, access)
    if not wants_html(request):
        return found
    return HTMLResponse(alert_page(found, language_of(request)), headers=HEADERS)


@router.get("/v1/alerts/{alert_id:path}", summary="One alert with its explanation and deliveries", response_model=None)
async def alert(request: Request, alert_id: str, access: Annotated[Access, _GUARD]) -> dict[str, Any] | HTMLResponse:
    """Everything that happened to one alert, oldest first; to a browser, which comes by a mail's link, why it rang."""
    if wants_html(request):
        return HTMLResponse(alert_page(await _why(request, alert_id, access), language_of(request)), headers=HEADERS)
    door = door_of(request)
    rows = await door.store.rows(queries.alert_transitions(access.tenant, alert_id))
    if not rows:
        raise _unknown(access.tenant, alert_id)
    told = await door.store.rows(queries.deliveries(access.tenant, alert_id))
    said = await _answers(door, access.tenant, rows[-1:])
    return summary(rows[-1], said) | {
        "transitions": [transition(row) for row in rows],
        "deliveries": list(told),
        "tenant": (await tenant(door, access.tenant)).as_json(),
    }


async def _why(request: Request, alert_id: str, access: Access) -> dict[str, Any]:
    door = door_of(request)
    rows = await door.store.rows(queries.alert_transitions(access.tenant, alert_id))
    if not rows:
        raise _unknown(access.tenant, alert_id)
    rang = why.rang(rows)
    facts = await door.store.rows(queries.facts_at(access.tenant, places_of([rang])))
    whose = await tenant(door, access.tenant)
    said = await _answers(door, access.tenant, rows[-1:])
    told = why.answer(rang, rows[-1], facts)
    return told | {"acknowledged": said.get(rang["alert_id"]), "tenant": whose.as_json()}


def _unknown(tenant_: str, alert_id: str) -> Problem:
    return Problem(404, "no_such_alert", f"tenant {tenant_} has no alert {alert_id}; GET /v1/alerts lists them")


async def _answers(door: Door, tenant_: str, rows: Sequence[Row], at: int | None = None) -> dict[str, Row]:
    """Who acknowledged which of these alerts, and when; by alert."""
    if not rows:
        return {}
    found = await door.store.rows(queries.answered(tenant_, [row["alert_id"] for row in rows], at=at))
    return {one["alert_id"]: {"by": one["by"], "at": one["at"]} for one in found}


def summary(row: Row, answers: Mapping[str, Row]) -> dict[str, Any]:
    """An alert as it stands after the transition in `row`, and who has acknowledged it."""
    state = "resolved" if row["transition"] == "resolved" else "open"
    said = {name: value for name, value in row.items() if name not in _OF_TRANSITION}
    return said | {"state": state, "acknowledged": answers.get(row["alert_id"])}


def transition(row: Mapping[str, Any]) -> dict[str, Any]:
    """What one transition said, with the explanation as data."""
    names = ("transition", "at", "severity", "value", "value_text", "threshold", "unit", "rule_version")
    return {name: row[name] for name in names} | {"explain": why.explanation(row["explain"])}
