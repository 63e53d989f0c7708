"""How a sink runs as a program: home, log, metrics, signals, its consumer."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from sharedchain import collector, exposition, log
from sharedchain.endpoints import Endpoints
from sharedchain.health import Health
from sharedchain.kafka import consumer
from sinks import metrics
from sinks.batch import FIRST_EPOCH
from sinks.pace import Rested, at_once
from sinks.runner import Runner, Sink

_SESSION = 6_000  # ms; brokers allow no less by default


def arguments(name: str, doc: str) -> argparse.ArgumentParser:
    """The options that every sink has."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=doc)
    parser.add_argument("--home", type=Path, help="folder with endpoints.json (SHAREDCHAIN_HOME, else ./.sharedchain)")
    parser.add_argument(
        "--member",
        default="one",
        help="seat in the consumer group: a restart takes its own seat at once, and two with one seat fence each other",
    )
    return parser


def prepare() -> threading.Event:
    """Log to stderr, and an event that SIGTERM and SIGINT set."""
    log.start()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def run(
    endpoints: Endpoints,
    group: str,
    topics: Sequence[str],
    sink: Sink,
    member: str,
    health: Health,
    stopping: threading.Event,
    *,
    epoch: int = FIRST_EPOCH,
    filled: Callable[[], bool] = lambda: False,
    rested: Rested = at_once,
    abreast: int = 1,
) -> None:
    """Follow `topics` with `sink` as `member` of `group` until `stopping`, telling its `health`; the rest as Runner has
    it."""
    reader = consumer(
        endpoints,
        group,
        **{
            "group.instance.id": member,
            "session.timeout.ms": _SESSION,
            "heartbeat.interval.ms": _SESSION // 4,
            "enable.partition.eof": True,
            "topic.metadata.refresh.interval.ms": 5_000,
            "queued.max.messages.kbytes": 16_384,
        },
    )
    runner = Runner(
        reader, topics, sink, epoch=epoch, filled=filled, fence=_SESSION / 1500, beat=health.beat, rested=rested,
        abreast=abreast,
    )  # fmt: skip
    health.waits = runner.waits
    metrics.age_of_waiting(runner.failing_for)
    exposition.serve(endpoints, health, group=group)
    collector.rest()
    runner.run(stopping)
