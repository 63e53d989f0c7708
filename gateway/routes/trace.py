"""GET /v1/trace/{id}: every step of a chain from lead to cash."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from gateway.access import Access, TenantGuard
from gateway.door import door_of
from gateway.reading import MOMENT, moment, tenant
from gateway.trace import trace as look_up
from sharedchain.trace import Trace

router = APIRouter()


@router.get(
    "/v1/trace/{ident:path}",
    summary="Every step from lead to cash, by any id of the chain",
    responses={404: {"description": "code `no_such_id`; `near` lists ids that look alike"}},
)
async def trace(
    request: Request,
    ident: Annotated[str, Path(min_length=1, max_length=256)],
    access: Annotated[Access, Depends(TenantGuard("read", "trace"))],
    at: MOMENT = None,
) -> Trace:
    """`ident`: a lead, opportunity, contract, receivable, payment, case, project, forecast, alert, event or
    correlation id. `at`: as it was known then (default: now)."""
    door = door_of(request)
    known = moment("at", at)
    return await look_up(door.store, await tenant(door, access.tenant), ident, known)
