"""POST /v1/imports/{dialect}: rows or webhook bodies of a foreign system, in its own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse

from gateway.access import Access, Guard
from gateway.door import Door, door_of
from gateway.imports import MAX_ROWS, Heard, expect_json, hear, part_of, rows_of
from gateway.policy import Resource
from gateway.problem import Problem
from gateway.reading import tenant as look_up
from gateway.routes.events import publish_all
from gateway.strict_json import parse
from sharedchain.dialect import Dialect
from sharedchain.envelope import Envelope

router = APIRouter()

_ROW = {"type": "object", "description": "one row, as the dialect's examples show"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_ROW, {"type": "array", "items": _ROW, "minItems": 1, "maxItems": MAX_ROWS}]}
            }
        },
    }
}
_TENANT = Annotated[str, Query(min_length=1, max_length=128, description="whose events these become")]
_NAME = Annotated[str, Path(max_length=128, description="a dialect of schemas/imports, e.g. pipedrive")]
_PART = Annotated[str | None, Query(max_length=128, description="which part of the dialect, where it has several")]


@router.post("/v1/imports/{dialect}", status_code=202, openapi_extra=_BODY, summary="Rows in a foreign system's words")
async def import_(
    request: Request,
    access: Annotated[Access, Depends(Guard("publish", "event"))],
    dialect: _NAME,
    tenant: _TENANT,
    part: _PART = None,
) -> JSONResponse:
    """Each row goes or is refused for itself: 202 all went, 207 some, 422 none. The same body again counts once."""
    door = door_of(request)
    translator = door.contract.dialects.get(dialect)
    if translator is None:
        known = ", ".join(door.contract.dialects)
        raise Problem(404, "no_dialect", f"no dialect {dialect[:80]!r}: there is {known}")
    access.to(Resource(kind="event", tenant=tenant))
    expect_json(request.headers.get("content-type", ""))
    name = part_of(translator.dialect, part)
    rows = rows_of(parse(await request.body()))
    await _expect_flow(door, tenant, translator.dialect)
    said = Envelope(type="", tenant=tenant, traceparent=request.headers.get("traceparent", ""))
    places = [f"[{at}]." if len(rows) > 1 else "" for at in range(len(rows))]
    heard = [hear(translator, name, row, said, place) for row, place in zip(rows, places, strict=True)]
    events = [event for one in heard for event in one.events]
    for event in events:
        access.to(Resource(kind="event", tenant=tenant, type=event.type.name))
    told = _told(heard, await publish_all(door, events) if events else [])
    refused = sum(bool(one.findings) for one in heard)
    if refused == len(heard):
        findings = [finding for one in heard for finding in one.findings]
        raise Problem(422, "bad_row", f"no row of {len(heard)} is understood; nothing was published", findings=findings)
    body = {"dialect": dialect, "part": name, "tenant": tenant, "taken": len(heard) - refused, "refused": refused}
    return JSONResponse(body | {"rows": told}, 207 if refused else 202)


async def _expect_flow(door: Door, tenant: str, dialect: Dialect) -> None:
    """Raises Problem(409) for a tenant whose flow would refuse what the dialect says."""
    flow = (await look_up(door, tenant)).flow
    if flow != dialect.tenant.flow:
        begin = f"begin one with `sharedchain import {dialect.id} --tenant NAME`"
        told = f"tenant {tenant} follows the flow {flow}, what {dialect.id} says needs {dialect.tenant.flow}: {begin}"
        raise Problem(409, "other_flow", told)


def _told(heard: Sequence[Heard], receipts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What became of each row, in their order; each event with its place in the log."""
    answers, left = [], iter(receipts)
    for number, one in enumerate(heard, 1):
        answer: dict[str, Any] = {"row": number}
        if one.findings:
            answer |= {"outcome": "refused", "errors": [asdict(finding) for finding in one.findings]}
        else:
            events = [{"type": event.type.name, **next(left)} for event in one.events]
            answer |= {"outcome": "published" if events else "nothing", "events": events, "notes": list(one.notes)}
        answers.append(answer)
    return answers
