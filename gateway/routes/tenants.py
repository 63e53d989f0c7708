"""GET /v1/tenants/{tenant}: how a tenant's numbers and times are to be shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from gateway.access import Access, PathTenantGuard
from gateway.door import door_of
from gateway.reading import tenant as look_up
from sharedchain.envelope import rfc3339

router = APIRouter()


@router.get("/v1/tenants/{tenant}", summary="Zone, currency, language and mode of a tenant")
async def tenant(
    request: Request, access: Annotated[Access, Depends(PathTenantGuard("read", "tenant"))]
) -> dict[str, str]:
    """Defaults for a tenant the log says nothing of; `as_of` is what time it is there."""
    whose = await look_up(door_of(request), access.tenant)
    return whose.as_json() | {"mode": whose.mode, "as_of": rfc3339(whose.now)}
