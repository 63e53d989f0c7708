"""Who may do what: one function, asked once for each route (OWASP API1, API3, API5)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal

from sharedchain.scope import SYSTEM

Action = Literal["publish", "read", "confirm", "observe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: the address the request came from, or, for a signed link, whom the link names."""

    address: str
    link_to: str = ""  # recipient of a verified link


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What is asked for: a kind («event», «alert», …), its tenant, and for an event its type."""

    kind: str
    tenant: str = ""
    type: str = ""


def allow(principal: Principal, action: Action, resource: Resource) -> bool:
    """True if `principal` may do `action` on `resource`.

    Today: whoever sits on this machine may read every tenant and publish business events; nobody
    publishes to the system's own scope or clock over HTTP; a link serves the one it was sent to.
    """
    if not _is_loopback(principal.address):
        return False
    match action:
        case "publish":
            return not resource.tenant.startswith(SYSTEM) and not resource.type.startswith(("clock.", "config."))
        case "confirm":
            return bool(principal.link_to) and not resource.tenant.startswith(SYSTEM)
        case "read" | "observe":
            return True


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
