"""GET /v1/forecasts…: the live forecasts, their composition, age, history, and their stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from gateway import queries
from gateway.access import Access, TenantGuard
from gateway.door import Door, door_of
from gateway.forecasts import history, present, spoken
from gateway.positions import read_positions, write_positions
from gateway.problem import Problem
from gateway.reading import MOMENT, listing, moment, tenant
from gateway.sse import KEEP_ALIVE, RETRY, frame
from sharedchain.errors import ConnectionFailed

router = APIRouter()
_QUIET_TURNS = 20  # empty polls of the feed (half a second each) until a keep-alive
_GUARD = Depends(TenantGuard("read", "forecast"))


@router.get("/v1/forecasts", summary="The live forecasts of a tenant")
async def forecasts(request: Request, access: Annotated[Access, _GUARD], at: MOMENT = None) -> dict[str, Any]:
    """Each with total, project and experience part, age and whether it is stale."""
    door = door_of(request)
    known = moment("at", at)
    whose = await tenant(door, access.tenant)
    rows = await door.store.rows(queries.live_facts(access.tenant, at=known))
    return listing(whose, present(rows, whose.now if known is None else known, whose.timezone))


@router.get(
    "/v1/forecasts/stream",
    summary="Live updates as server-sent events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def stream(
    request: Request,
    access: Annotated[Access, _GUARD],
    last_event_id: Annotated[str, Header(max_length=512)] = "",
    beginning: Annotated[bool, Query(description="from the first update instead of from now")] = False,
) -> StreamingResponse:
    """Resumes after `Last-Event-ID`; the id is the position in the topic, `partition=offset`."""
    door = door_of(request)
    after = read_positions(last_event_id)
    if door.streams.full():
        raise Problem(503, "too_many_streams", "all streams are taken", headers={"Retry-After": "5"})
    return StreamingResponse(
        frames(door, access.tenant, after, beginning=beginning),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def frames(door: Door, tenant_name: str, after: Mapping[int, int], *, beginning: bool) -> AsyncIterator[str]:
    """The text of a stream: updates as they come, a comment when it is quiet for long."""
    with door.streams:
        yield RETRY
        positions = dict(after)
        quiet = 0
        try:
            async for update in door.feed.follow(tenant_name, after, beginning=beginning):
                quiet = quiet + 1 if update is None else 0
                if update is not None:
                    positions |= update.positions
                    yield frame(event=update.type, position=write_positions(positions), data=spoken(update.data))
                elif quiet % _QUIET_TURNS == 0:
                    yield KEEP_ALIVE
        except ConnectionFailed:
            return  # the client reconnects with the last id, and finds /readyz red meanwhile


@router.get("/v1/forecasts/{forecast_id:path}", summary="One forecast: composition, age, history, stale label")
async def forecast(
    request: Request, forecast_id: str, access: Annotated[Access, _GUARD], at: MOMENT = None
) -> dict[str, Any]:
    """`history` lists the accepted versions, newest first."""
    door = door_of(request)
    known = moment("at", at)
    whose = await tenant(door, access.tenant)
    rows = await door.store.rows(queries.live_facts(access.tenant, at=known))  # all: its period's total is theirs
    every = present(rows, whose.now if known is None else known, whose.timezone)
    now = [one for one in every if one["forecast_id"] == forecast_id]
    if not now:
        text = f"tenant {access.tenant} has no forecast {forecast_id}; GET /v1/forecasts lists them"
        raise Problem(404, "no_such_forecast", text)
    past = await door.store.rows(queries.forecast_history(access.tenant, forecast_id, at=known))
    return now[0] | {"history": history(past), "tenant": whose.as_json()}
