"""What the routes reach the world through; built once at start, replaced by fakes in tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from fastapi import Request

from gateway.checks import Contract
from gateway.feed import Feed
from gateway.meters import Meters
from gateway.pledges import Pledges
from gateway.publisher import Publisher
from gateway.slots import Slots
from gateway.store import Store
from sharedchain.endpoints import Secret

Probe = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """`wall` gives milliseconds since the epoch; `probes` raise when their peer does not answer."""

    contract: Contract
    store: Store
    publisher: Publisher
    feed: Feed
    probes: Mapping[str, Probe]
    link_secret: Secret
    wall: Callable[[], int]
    meters: Meters
    streams: Slots
    pledges: Pledges = field(default_factory=Pledges)


def door_of(request: Request) -> Door:
    """The door this request came through."""
    door: Door = request.app.state.door
    return door
