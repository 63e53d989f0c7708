"""GET and POST /v1/forecasts/{id}/confirm: the page behind the link in a reminder."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from gateway import queries
from gateway.access import RECIPIENT, VERSION, Access, LinkGuard
from gateway.checks import check
from gateway.confirm import FORM, Current, already_done, current_of, next_version, read_change
from gateway.door import Door, door_of
from gateway.page import HEADERS, confirm_page, conflict_page, done_page
from gateway.problem import Problem, unavailable
from gateway.publisher import Outgoing
from gateway.reading import tenant
from gateway.render import language_of, wants_html
from gateway.routes.events import publish_all

router = APIRouter()
_PATH = "/v1/forecasts/{forecast_id:path}/confirm"
_GUARD = Depends(LinkGuard("confirm", "forecast"))
_FORM_OR_JSON: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "lines": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["line_id", "amount"],
                                "properties": {"line_id": {"type": "string"}, "amount": {"type": ["string", "number"]}},
                            },
                        },
                        "drop_zero": {"type": "boolean"},
                    },
                }
            },
            FORM: {"schema": {"type": "object"}},
        }
    }
}


@router.get(_PATH, summary="The page that a reminder links to", response_class=HTMLResponse)
async def page(
    request: Request,
    forecast_id: str,
    access: Annotated[Access, _GUARD],
    version: VERSION,
    recipient: RECIPIENT,
) -> Response:
    """The present lines with editable amounts; 409 when the version has moved on."""
    door = door_of(request)
    whose = await tenant(door, access.tenant)
    lang = language_of(request)
    current = await _current(door, access.tenant, forecast_id, version)
    if current.version != version:
        return HTMLResponse(conflict_page(current, version, whose.timezone, lang), 409, headers=HEADERS)
    return HTMLResponse(confirm_page(current, recipient, whose.timezone, lang), headers=HEADERS)


@router.post(_PATH, status_code=202, summary="Confirm, with or without changes", openapi_extra=_FORM_OR_JSON)
async def confirm(
    request: Request,
    forecast_id: str,
    access: Annotated[Access, _GUARD],
    version: VERSION,
    recipient: RECIPIENT,
) -> Response:
    """Publishes version + 1. The same confirmation again answers 200 and changes nothing."""
    door = door_of(request)
    change = read_change(request.headers.get("content-type", ""), await request.body())
    current = await _current(door, access.tenant, forecast_id, version)
    if already_done(current, change, access.tenant, version):
        return _answer(request, 200, {"version": version + 1, "id": current.id}, again=True)
    if current.version != version:
        return await _conflict(request, door, access.tenant, current, version)
    checked = check(door.contract, next_version(current, change, access.tenant, recipient))
    if not isinstance(checked, Outgoing):
        raise Problem(422, "bad_confirmation", checked[0].text, findings=checked)
    if not door.pledges.keep(checked.envelope.id, checked.data):
        text = f"version {version} was confirmed a moment ago with other amounts; look at the forecast again"
        raise Problem(409, "confirmed_otherwise", text)
    try:
        receipts = await publish_all(door, [checked])
    except Exception:
        door.pledges.forget(checked.envelope.id)
        raise
    return _answer(request, 202, {"version": version + 1} | receipts[0], again=False)


async def _current(door: Door, tenant_name: str, forecast_id: str, version: int) -> Current:
    current = current_of(await door.store.rows(queries.forecast_history(tenant_name, forecast_id)))
    if current is None:
        raise Problem(404, "no_such_forecast", f"tenant {tenant_name} has no forecast {forecast_id}")
    if current.version < version:
        raise unavailable("store", f"version {version} is not stored yet; try again")
    return current


def _answer(request: Request, status: int, said: dict[str, Any], *, again: bool) -> Response:
    if wants_html(request):
        return HTMLResponse(done_page(said["version"], language_of(request), again=again), status, headers=HEADERS)
    return JSONResponse(said, status)


async def _conflict(request: Request, door: Door, tenant_name: str, current: Current, asked: int) -> Response:
    if wants_html(request):
        zone = (await tenant(door, tenant_name)).timezone
        return HTMLResponse(conflict_page(current, asked, zone, language_of(request)), 409, headers=HEADERS)
    raise Problem(
        409,
        "version_moved_on",
        f"version {asked} no longer stands: {current.by} refreshed it to version {current.version} at {current.at}",
        extra={"current_version": current.version, "refreshed_by": current.by, "refreshed_at": current.at},
    )
