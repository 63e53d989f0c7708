"""GET /v1/metrics/{metric_id}: a measure at a moment, as it was known then or is known now."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from gateway import queries
from gateway.access import Access, TenantGuard
from gateway.door import door_of
from gateway.problem import Finding, Problem
from gateway.reading import MOMENT, listing, moment, tenant

router = APIRouter()
_MAX_DIMS = 16


@router.get("/v1/metrics/{metric_id}", summary="A measure's values, one a combination of dimensions")
async def metric(
    request: Request,
    metric_id: str,
    access: Annotated[Access, Depends(TenantGuard("read", "metric"))],
    at: MOMENT = None,
    as_known: MOMENT = None,
    dims: Annotated[list[str] | None, Query(description="name=value, repeated")] = None,
) -> dict[str, Any]:
    """The last row at or before minute `at`, from what was recorded until `as_known` (both default: now)."""
    door = door_of(request)
    query = queries.metric(
        access.tenant,
        metric_id,
        at=moment("at", at),
        as_known=moment("as_known", as_known),
        dims=dimensions(dims or []),
    )
    rows = [{**row, "dims": json.loads(row["dims"] or "{}")} for row in await door.store.rows(query)]
    return {"metric_id": metric_id} | listing(await tenant(door, access.tenant), rows)


def dimensions(pairs: list[str]) -> dict[str, str]:
    """["region=BR"] → {"region": "BR"}. Raises Problem(422)."""
    said = [pair.partition("=") for pair in pairs]
    if len(said) > _MAX_DIMS or any(not name or not sign for name, sign, _ in said):
        text = f"dims are at most {_MAX_DIMS} pairs name=value"
        finding = Finding(field="dims", code="bad_value", text=text, mend="send dims=region=BR&dims=org_id=O-BR")
        raise Problem(422, "bad_parameter", text, findings=[finding])
    return {name: value for name, _, value in said}
