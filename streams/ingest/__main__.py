"""`python -m streams.ingest [--home DIR] [--lane K] [--lanes N]`: run one lane until a signal.

Crash-only: whatever it cannot decide ends the process, and the restart finds its footing again.
Exit codes: 0 asked to stop · 70 a fault · 71 the spine has a gap · 72 fenced by a successor ·
73 its records wait unread · 74 our clock and the broker's disagree.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from prometheus_client import REGISTRY

from sharedchain import collector, exposition, replicas
from sharedchain.barrier import lane_group
from sharedchain.endpoints import Endpoints
from sharedchain.errors import Fenced
from sharedchain.health import WAIT, Health, kafka_answers, registry_answers
from sharedchain.log import start as start_log
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from streams.ingest.guard import guard
from streams.ingest.lane import Lane
from streams.ingest.recovery import Torn
from streams.ingest.settings import Settings
from streams.ingest.writer import ClockSkew

log = logging.getLogger("ingest")
_CODES: dict[type[Exception], int] = {Torn: 71, Fenced: 72, ClockSkew: 74}


def main(argv: list[str] | None = None) -> int:
    """The program; returns its exit code."""
    asked = _arguments().parse_args(argv)
    start_log()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    told = {name: value for name in ("tick", "resume") if (value := getattr(asked, name)) is not None}
    try:
        endpoints = Endpoints.load(asked.home, program="ingest")
        health = _watched(endpoints, asked.lane)
        settings = Settings(**told)
        lane = Lane(endpoints, asked.lane, asked.lanes or endpoints.lanes, settings)
        health.waits = lane.waits
        guard(endpoints, asked.lane, settings.stuck / 1000, lane.reads)
        collector.rest()
        lane.run(stop, health.beat)
    except Exception as error:
        code = next((c for kind, c in _CODES.items() if isinstance(error, kind)), 70)
        log.critical("lane %d ends (%d): %s", asked.lane, code, error, exc_info=code == 70)
        return code
    log.info("lane %d stopped", asked.lane)
    return 0


def _watched(endpoints: Endpoints, lane: int) -> Health:
    """The lane's health, told from now on; and what the brokers say of the replicas, at each scrape."""
    peers = {"kafka": kafka_answers(endpoints), "registry": registry_answers(Registry.of(endpoints))}
    health = Health(f"ingest-{lane}", peers)
    ask = replicas.asked(endpoints, Catalog.load(), WAIT)
    REGISTRY.register(exposition.Replicas(ask))
    exposition.serve(endpoints, health, group=lane_group(lane))
    return health


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m streams.ingest", description="One lane of ingest.")
    parser.add_argument("--home", type=Path, help="where endpoints.json lies (default: SHAREDCHAIN_HOME)")
    parser.add_argument("--lane", type=int, default=0, help="this lane's number, from 0")
    parser.add_argument("--lanes", type=int, help="how many lanes there are (default: what the endpoints say)")
    parser.add_argument("--tick", type=int, help="milliseconds between wall ticks")
    parser.add_argument("--resume", help="«topic/partition» stopped by poison that may go on, or «all»")
    return parser


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # no destructor of a fenced client may hold the process
