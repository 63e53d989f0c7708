"""The policy is a table: who, what, on what."""

from __future__ import annotations

import pytest

from gateway.policy import Action, Principal, Resource, allow

HERE, THERE = Principal(address="127.0.0.1"), Principal(address="192.0.2.1")
LINK = Principal(address="::1", link_to="E002")


@pytest.mark.parametrize(
    ("principal", "action", "resource", "answer"),
    [
        (HERE, "read", Resource(kind="alert", tenant="acme"), True),
        (THERE, "read", Resource(kind="alert", tenant="acme"), False),
        (HERE, "publish", Resource(kind="event", tenant="acme", type="lead.captured"), True),
        (HERE, "publish", Resource(kind="event", tenant="_system", type="lead.captured"), False),
        (HERE, "publish", Resource(kind="event", tenant="acme", type="clock.ticked"), False),
        (HERE, "publish", Resource(kind="event", tenant="acme", type="config.defined"), False),
        (HERE, "confirm", Resource(kind="forecast", tenant="acme"), False),
        (LINK, "confirm", Resource(kind="forecast", tenant="acme"), True),
        (LINK, "confirm", Resource(kind="forecast", tenant="_system"), False),
        (Principal(address="192.0.2.1", link_to="E002"), "confirm", Resource(kind="forecast"), False),
        (HERE, "observe", Resource(kind="health"), True),
        (THERE, "observe", Resource(kind="health"), False),
    ],
)
def test_policy(principal: Principal, action: Action, resource: Resource, answer: bool) -> None:
    assert allow(principal, action, resource) is answer
