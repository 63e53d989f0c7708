"""What every request passes first: loopback host, no encodings, a whole body in time and size, safe headers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Set
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problem import Problem
from gateway.render import problem_response

_log = logging.getLogger(__name__)
MAX_BODY = 1 << 20  # bytes
BODY_SECONDS = 10.0
_WITH_BODY = {"POST", "PUT", "PATCH", "DELETE"}
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"cross-origin-resource-policy": b"same-origin",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}


class Shield:
    """ASGI middleware. `body_seconds` bounds how long a body may take to arrive; `hosts` are the names besides
    those of loopback under which this door may be called."""

    def __init__(
        self, app: ASGIApp, *, body_seconds: float = BODY_SECONDS, hosts: frozenset[str] = frozenset()
    ) -> None:
        self._app = app
        self._names = _LOCAL_NAMES | hosts
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = list(message.get("headers", []))
                said = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in HEADERS.items() if name not in said]
                message["headers"] = headers
            await send(message)

        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            check_host(headers.get("host", ""), self._names)
            if scope["method"] in _WITH_BODY:
                check_length(headers)
                receive = replay(await self._body(receive), receive)
        except Problem as problem:
            await problem_response(problem)(scope, receive, guarded)
            return
        try:
            await self._app(scope, receive, guarded)
        except Exception:
            _log.exception("%s %s", scope["method"], scope["path"])
            if begun:
                raise  # too late for another answer: the connection ends
            await problem_response(_DEFECT)(scope, receive, guarded)

    async def _body(self, receive: Receive) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Problem(400, "disconnected", "the connection ended before the body did")
                    body += message.get("body", b"")
                    if len(body) > MAX_BODY:
                        raise _too_large()
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            raise Problem(
                408, "body_timeout", f"the body did not arrive within {self._body_seconds:g} s", headers=_CLOSE
            ) from None


_CLOSE = {"Connection": "close"}
_DEFECT = Problem(500, "internal", "a defect of the gateway; its log holds the details")


def check_host(host: str, names: Set[str] = _LOCAL_NAMES) -> None:
    """Refuse a foreign Host (a web page that points its own name at 127.0.0.1). Raises Problem(421)."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    if name not in names:
        only = ", ".join(sorted(names))
        raise Problem(421, "bad_host", f"this door answers to {only} only", headers=_CLOSE)


def check_length(headers: dict[str, str]) -> None:
    """Refuse before reading what says it is too long, or packed. Raises Problem(413 or 415)."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Problem(415, "bad_content_encoding", "send the body as it is, without Content-Encoding", headers=_CLOSE)
    length = headers.get("content-length", "")
    if length.isdecimal() and len(length) < 20 and int(length) > MAX_BODY:
        raise _too_large()


def replay(body: bytes, rest: Receive) -> Receive:
    """A `receive` that gives `body` once and then listens to the connection again."""
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return await rest()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _too_large() -> Problem:
    return Problem(
        413, "body_too_large", f"a body holds at most {MAX_BODY} bytes; send smaller batches", headers=_CLOSE
    )
