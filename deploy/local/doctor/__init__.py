"""`sharedchain doctor`: the machine, the home, every peer and what moves between them, each asked for seconds only.

Peers are asked side by side, so that a frozen one costs its own patience and nobody else's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.doctor import machine, pace, peers
from deploy.local.doctor.finding import Finding
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.schemas import Catalog

LOW = 2 * 2**30  # bytes that a home should find free


def examine(home: Path, *, low: int = LOW, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """First the machine, then the home, then, if it was ever started, every peer and every follower.

    `low`: bytes of disk that must be free; `now`: this machine's clock, in epoch seconds.
    """
    yield from machine.tools()
    yield machine.disk(home, low)
    yield machine.rights(home)
    try:
        ends = Endpoints.load(home)
    except ConnectionFailed:
        yield Finding("endpoints.none", {"place": home})
        return
    yield machine.processes(home)
    yield machine.ports(home, ends)
    yield from connections(ends, now)


def connections(ends: Endpoints, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """What the peers at these addresses say, whoever started them."""
    catalog = Catalog.load()
    rounds: list[Callable[[], list[Finding]]] = [
        lambda: _of_kafka(ends, catalog, now),
        lambda: peers.registry(ends, catalog),
        lambda: peers.clickhouse(ends, now),
        lambda: peers.gateway(ends),
    ]
    with ThreadPoolExecutor(len(rounds)) as pool:
        for asked in [pool.submit(one) for one in rounds]:
            yield from asked.result()


def _of_kafka(ends: Endpoints, catalog: Catalog, now: Callable[[], float]) -> list[Finding]:
    """Who does not answer at once is not asked for more."""
    found = peers.kafka(ends, catalog)
    if any(one.key == "kafka.silent" for one in found):
        return found
    return [*found, *pace.followers(ends, catalog), *pace.records(ends, catalog, now)]
