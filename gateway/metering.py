"""Counts every answer by route template and status, and how long it took."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.meters import Meters

_STREAMS = {"/v1/forecasts/stream"}


class Metering:
    """ASGI middleware around everything else; paths that no route knows count as «none»."""

    def __init__(self, app: ASGIApp, *, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._meters.requests.labels(scope["method"], route, str(status)).inc()
            if route not in _STREAMS:
                self._meters.seconds.labels(route).observe(time.perf_counter() - began)
