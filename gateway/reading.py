"""What read routes share: moments in queries, and the frame around a list of items."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any

from fastapi import Query

from gateway import queries
from gateway.door import Door
from gateway.problem import Finding, Problem
from gateway.tenants import Tenant, tenant_of
from sharedchain import flow as flows
from sharedchain.envelope import parse_time, rfc3339
from sharedchain.errors import Refused

MOMENT = Annotated[str | None, Query(max_length=40, description="RFC 3339 with a zone")]
LIMIT = Annotated[int, Query(ge=1, le=queries.MAX_ROWS)]
NAME = Annotated[str | None, Query(max_length=256)]


def moment(name: str, text: str | None) -> int | None:
    """A query parameter as milliseconds; None when it was not sent. Raises Problem(422)."""
    if text is None:
        return None
    try:
        return parse_time(text.replace(" ", "+"))  # an unescaped + of a zone arrives as a space
    except (Refused, OverflowError, ValueError):
        mend = "send RFC 3339 with a zone, as 2026-05-01T08:00:00+08:00 or 2026-05-01T00:00:00Z"
        finding = Finding(field=name, code="bad_time", text=f"{name} {text!r} is not a moment", mend=mend)
        raise Problem(422, "bad_parameter", finding.text, findings=[finding]) from None


async def tenant(door: Door, name: str) -> Tenant:
    """What the log says about the tenant `name`."""
    return tenant_of(name, await door.store.rows(queries.tenant_config(name)), door.wall())


async def reported(door: Door, name: str, event_type: str) -> Collection[str]:
    """Contract fields that an event of this type may lack in the tenant `name`: its flow reports them."""
    whose = await tenant(door, name)
    rows = await door.store.rows(queries.config_body("flow", whose.flow))
    flow = flows.read(rows[0]["body"]) if rows else None
    return flow.excused(event_type) if isinstance(flow, flows.Profile) else ()


def listing(tenant: Tenant, items: Sequence[Any]) -> dict[str, Any]:
    """Items with what a reader needs to show them: whose they are, in which zone, as of when."""
    return {"tenant": tenant.as_json(), "as_of": rfc3339(tenant.now), "items": list(items)}
