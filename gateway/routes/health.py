"""/healthz, /readyz, /metrics, /openapi.json."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from gateway.access import Access, Guard
from gateway.door import Probe, door_of

router = APIRouter()
_GUARD = Depends(Guard("observe", "health"))
_PATIENCE = 3.0  # seconds for one peer
_FRESH = 1.0  # seconds for which their answers hold


@router.get("/healthz", summary="This process answers: its loop moves")
async def healthz(_: Annotated[Access, _GUARD]) -> dict[str, Any]:
    """Says nothing about the peers: a supervisor must not restart the gateway because Kafka is away."""
    return {"program": "gateway", "alive": True}


@router.get("/readyz", summary="Kafka, registry and ClickHouse answer", responses={503: {}})
async def readyz(request: Request, _: Annotated[Access, _GUARD]) -> JSONResponse:
    """Each peer with «ok» or what is wrong; `missing` has those that are not."""
    said = await _peers(request)
    missing = {name: answer for name, answer in said.items() if answer != "ok"}
    headers = {"Retry-After": "2"} if missing else {}
    told = {"program": "gateway", "ready": not missing, "peers": said, "missing": missing}
    return JSONResponse(told, 503 if missing else 200, headers=headers)


async def _peers(request: Request) -> dict[str, str]:
    """Asked once a second however many ask us: each question holds a thread that publishing needs too."""
    state, now = request.app.state, asyncio.get_running_loop().time()
    known: tuple[float, asyncio.Task[dict[str, str]]] | None = getattr(state, "peers", None)
    if known is None or (known[1].done() and now - known[0] > _FRESH):
        known = state.peers = (now, asyncio.create_task(_asked(door_of(request).probes)))
    return await asyncio.shield(known[1])


async def _asked(probes: Mapping[str, Probe]) -> dict[str, str]:
    return dict(zip(probes, await asyncio.gather(*(probe(one) for one in probes.values())), strict=True))


async def probe(one: Probe) -> str:
    """«ok», or one line on what is wrong with this peer."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await one()
    except TimeoutError:
        return f"no answer within {_PATIENCE:g} s"
    except Exception as error:
        return str(error).partition("\n")[0][:200]
    return "ok"


@router.get("/metrics", summary="Prometheus exposition", response_class=Response)
async def metrics(request: Request, _: Annotated[Access, _GUARD]) -> Response:
    return Response(door_of(request).meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, _: Annotated[Access, _GUARD]) -> dict[str, Any]:
    schema: dict[str, Any] = request.app.openapi()
    return schema
