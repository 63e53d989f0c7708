"""The application: routes, guards and the answers to everything that goes wrong."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.checks import field_path
from gateway.door import Door, door_of
from gateway.metering import Metering
from gateway.problem import Finding, Problem, unavailable
from gateway.render import problem_for
from gateway.routes import alerts, confirm, events, forecasts, health, imports, inbox, metrics, tenants, trace
from gateway.shield import BODY_SECONDS, Shield
from sharedchain.errors import ConfigError, ConnectionFailed, Refused

_log = logging.getLogger(__name__)
# confirm before forecasts: both take ids with slashes, and the longer path must be tried first
_ROUTERS = (events, imports, alerts, inbox, metrics, confirm, forecasts, trace, tenants, health)


def build(door: Door, *, body_seconds: float = BODY_SECONDS, hosts: frozenset[str] = frozenset()) -> FastAPI:
    """The gateway over `door`. `body_seconds`: how long a request body may take to arrive; `hosts`: see Shield."""
    app = FastAPI(
        title="sharedchain gateway",
        version="1",
        description="CloudEvents in; alerts, metrics and forecasts out.",
        openapi_url=None,  # served by a guarded route of ours
        docs_url=None,
        redoc_url=None,
    )
    app.state.door = door
    for family in _ROUTERS:
        app.include_router(family.router)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(ConnectionFailed, _unavailable)
    app.add_exception_handler(ConfigError, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Shield, body_seconds=body_seconds, hosts=hosts)
    app.add_middleware(Metering, meters=door.meters)
    return app


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    door_of(request).meters.refused.labels(error.code).inc()
    return problem_for(request, error)


def _unavailable(request: Request, error: Exception) -> Response:
    _log.warning("%s %s: %s", request.method, request.url.path, error)
    return _problem(request, unavailable("peer", f"{error}; the same request again is safe"))


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    finding = Finding(field=error.field, code=error.reason, text=error.text)
    return _problem(request, Problem(422, "bad_event", error.text, findings=[finding]))


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    findings = [
        Finding(field=field_path(one["loc"][1:]) or str(one["loc"][0]), code="bad_value", text=one["msg"])
        for one in error.errors()
    ]
    return _problem(request, Problem(422, "bad_parameter", findings[0].text, findings=findings))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "no_such_path", 405: "no_such_method"}.get(error.status_code, "http_error")
    detail = f"{request.method} {request.url.path} is nothing here; GET /openapi.json lists what is"
    return _problem(request, Problem(error.status_code, code, detail, headers=error.headers))
