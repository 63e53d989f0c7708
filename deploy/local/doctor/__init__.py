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


def examine(
    home: Path, *, alone: bool = False, low: int = LOW, now: Callable[[], float] = time.time
) -> Iterator[Finding]:
    """First the machine, then the home, then, if it was ever started, every peer and every follower.

    `alone`: an endpoints file of the environment comes before the home's; raises ConfigError if that is wrong.
    `low`: bytes of disk that must be free; `now`: this machine's clock, in epoch seconds.
    """
    yield from machine.tools()
    yield machine.disk(home, low)
    yield machine.rights(home)
    try:
        ends = Endpoints.load(None if alone else home)
    except ConnectionFailed:
        yield Finding("endpoints.none", {"place": home})
        return
    if (home / "endpoints.json").exists():
        yield machine.processes(home)
        yield machine.ports(home, ends)
    yield from connections(ends, now)


def connections(ends: Endpoints, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """What the peers at these addresses say, whoever started them."""
    catalog = Catalog.load()
    with ThreadPoolExecutor(4) as pool:
        kafka = pool.submit(_of_kafka, ends, catalog, now)
        others = [
            pool.submit(peers.registry, ends, catalog),
            pool.submit(peers.clickhouse, ends, now),
            pool.submit(peers.audit, ends),
            pool.submit(peers.gateway, ends),
        ]
        told, behind = kafka.result()
        yield from told
        for asked in others:
            yield from asked.result()
        yield from behind  # a follower that stands is mostly what a peer above causes


def _of_kafka(ends: Endpoints, catalog: Catalog, now: Callable[[], float]) -> tuple[list[Finding], list[Finding]]:
    """On Kafka itself, and on who follows it. Who does not answer at once is not asked for more."""
    found = peers.kafka(ends, catalog)
    if any(one.key == "kafka.silent" for one in found):
        return found, []
    return found, [*pace.followers(ends, catalog), *pace.records(ends, catalog, now)]
