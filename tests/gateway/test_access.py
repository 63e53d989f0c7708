"""Every route stands behind a guard, and the guard asks the policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from gateway.access import Guard, LinkGuard, PathTenantGuard, TenantGuard
from gateway.app import _ROUTERS, build
from tests.gateway.fake_door import Fakes

INVENTORY = {
    ("POST", "/v1/events"): Guard("publish", "event"),
    ("POST", "/v1/imports/{dialect}"): Guard("publish", "event"),
    ("GET", "/v1/alerts"): TenantGuard("read", "alert"),
    ("GET", "/v1/alerts/{alert_id:path}"): TenantGuard("read", "alert"),
    ("GET", "/v1/alerts/{alert_id:path}/explain"): TenantGuard("read", "alert"),
    ("GET", "/v1/inbox"): TenantGuard("read", "inbox"),
    ("GET", "/v1/metrics"): TenantGuard("read", "metric"),
    ("GET", "/v1/metrics/{metric_id}"): TenantGuard("read", "metric"),
    ("GET", "/v1/forecasts"): TenantGuard("read", "forecast"),
    ("GET", "/v1/forecasts/stream"): TenantGuard("read", "forecast"),
    ("GET", "/v1/forecasts/{forecast_id:path}"): TenantGuard("read", "forecast"),
    ("GET", "/v1/forecasts/{forecast_id:path}/confirm"): LinkGuard("confirm", "forecast"),
    ("POST", "/v1/forecasts/{forecast_id:path}/confirm"): LinkGuard("confirm", "forecast"),
    ("GET", "/v1/trace/{ident:path}"): TenantGuard("read", "trace"),
    ("GET", "/v1/tenants/{tenant}"): PathTenantGuard("read", "tenant"),
    ("GET", "/healthz"): Guard("observe", "health"),
    ("GET", "/readyz"): Guard("observe", "health"),
    ("GET", "/metrics"): Guard("observe", "health"),
    ("GET", "/openapi.json"): Guard("observe", "health"),
}


def guards(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Guard | TenantGuard | PathTenantGuard | LinkGuard):
            yield inner.call
        yield from guards(inner)


def routes() -> list[BaseRoute]:
    return [route for family in _ROUTERS for route in family.router.routes]


def test_each_route_has_exactly_the_guard_of_the_inventory() -> None:
    found = {}
    for route in routes():
        assert isinstance(route, APIRoute), f"{route} is not guarded at all"
        for method in route.methods or ():
            behind = list(guards(route.dependant))
            assert len(behind) == 1, f"{method} {route.path}: guards {behind}"
            found[method, route.path] = behind[0]
    assert found == INVENTORY


def test_the_application_serves_nothing_but_the_inventory(fakes: Fakes) -> None:
    app = build(fakes.door())
    paths = app.openapi()["paths"]
    served = {(method.upper(), path) for path, item in paths.items() for method in item}
    listed = {(method, path.replace(":path", "")) for method, path in INVENTORY} - {("GET", "/openapi.json")}
    assert served == listed


@pytest.mark.parametrize("address", ["10.0.0.7", "8.8.8.8", "not an address"])
def test_nothing_is_served_off_loopback(fakes: Fakes, address: str) -> None:
    with TestClient(build(fakes.door()), base_url="http://127.0.0.1", client=(address, 1)) as client:
        for method, path in INVENTORY:
            asked = path.replace(":path", "").replace("{", "").replace("}", "")
            answer = client.request(method, asked, params={"recipient": "E001", "version": "1"})
            assert (answer.status_code, answer.json()["code"]) in ((403, "forbidden"), (403, "bad_signature")), path
    assert fakes.store.asked == []
