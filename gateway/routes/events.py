"""POST /v1/events: CloudEvents in, acknowledged by the broker before the answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from gateway.access import Access, Guard
from gateway.checks import check, tenant_of
from gateway.cloudevents import BATCH, STRUCTURED, Incoming, read
from gateway.door import Door, door_of
from gateway.policy import Resource
from gateway.problem import Finding, Problem
from gateway.publisher import Outgoing
from gateway.reading import reported
from sharedchain.flow import Reportable

router = APIRouter()

_EVENT = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "description": "with source: the identity; the same again counts once"},
        "source": {"type": "string"},
        "type": {"type": "string", "examples": ["lead.captured"]},
        "time": {"type": "string", "format": "date-time"},
        "subject": {"type": "string"},
        "tenant": {"type": "string"},
        "data": {"type": "object"},
    },
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            STRUCTURED: {"schema": _EVENT},
            BATCH: {"schema": {"type": "array", "items": _EVENT, "minItems": 1}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


@router.post("/v1/events", status_code=202, openapi_extra=_BODY, summary="Publish one event, or a batch")
async def publish(request: Request, access: Annotated[Access, Depends(Guard("publish", "event"))]) -> JSONResponse:
    """All events of a batch are checked first; if one is bad, none is sent."""
    door = door_of(request)
    asked = read(request.headers, await request.body())
    for event in asked.events:
        access.to(Resource(kind="event", tenant=event.envelope.tenant, type=event.envelope.type))
    outgoing: list[Outgoing] = []
    findings: list[Finding] = []
    excused: dict[tuple[str, str], Collection[str]] = {}
    for event in asked.events:
        checked = await judged(door, event, excused)
        if isinstance(checked, Outgoing):
            outgoing.append(checked)
        else:
            findings += checked
    if findings:
        raise Problem(422, "bad_event", f"{_count(len(findings))}; nothing was published", findings=findings)
    receipts = await publish_all(door, outgoing)
    return JSONResponse(receipts if asked.batch else receipts[0], 202)


async def judged(
    door: Door, event: Incoming, excused: dict[tuple[str, str], Collection[str]]
) -> Outgoing | list[Finding]:
    """As `check`; what the tenant's flow lets a record lack is asked for only where a record lacks something, and once
    a request: what was said stands in `excused`, by tenant and type."""
    checked = check(door.contract, event)
    if isinstance(checked, Outgoing) or event.envelope.type not in get_args(Reportable):
        return checked
    if not all(finding.code == "missing_field" for finding in checked):
        return checked
    tenant = tenant_of(door.contract, event)
    if (whose := (tenant, event.envelope.type)) not in excused:
        excused[whose] = await reported(door, *whose)
    return check(door.contract, event, excused[whose])


async def publish_all(door: Door, outgoing: list[Outgoing]) -> list[dict[str, Any]]:
    """The receipts as JSON data, in the order of the request. Raises as `Publisher.publish` does."""
    receipts = await door.publisher.publish(outgoing)
    for one in outgoing:
        door.meters.published.labels(one.type.name).inc()
    return [asdict(receipt) for receipt in receipts]


def _count(findings: int) -> str:
    return "1 finding" if findings == 1 else f"{findings} findings"
