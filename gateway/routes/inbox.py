"""GET /v1/inbox: one person's messages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from gateway import queries
from gateway.access import RECIPIENT, Access, TenantGuard
from gateway.door import door_of
from gateway.reading import LIMIT, listing, tenant

router = APIRouter()


@router.get("/v1/inbox", summary="Messages to one person, newest first")
async def inbox(
    request: Request,
    access: Annotated[Access, Depends(TenantGuard("read", "inbox"))],
    recipient: RECIPIENT,
    limit: LIMIT = 100,
) -> dict[str, Any]:
    """`recipient` is an employee id."""
    door = door_of(request)
    rows = await door.store.rows(queries.inbox(access.tenant, recipient, limit))
    return listing(await tenant(door, access.tenant), rows)
