"""`python -m bench [--rounds N] [--events N] [--seconds S]`: one table, ratios of one run, rounds in turns.

Starts an embedded stack of its own in a temporary home and ends it. Medians with least and most;
rates are printed only for results that were checked equal. Take 5 rounds for a claim.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from bench import business, latency, load, replay, rules, sink
from bench.chain import Chain
from bench.meter import Run
from bench.table import NOT_YET, Row, render


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed, as ratios in one run.")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (5 for a claim)")
    parser.add_argument("--events", type=int, default=20_000, help="business events a round")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each latency round")
    asked = parser.parse_args(argv)
    print(f"python -m bench --rounds {asked.rounds} --events {asked.events} --seconds {asked.seconds:g}")
    print(_machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        chain = Chain(Path(folder))
        try:
            rows = measure(chain, asked.rounds, asked.events, asked.seconds)
        finally:
            chain.close()
    rows.append(rules.row(2000, asked.rounds))
    print(render([*rows, *NOT_YET]))
    print(_machine())
    return 0


def measure(chain: Chain, rounds: int, events: int, seconds: float) -> list[Row]:
    """Every row that needs the chain, its rounds in turns."""
    live: list[Run] = []
    count: list[Run] = []
    stored: list[Run] = []
    by_hand: list[Run] = []
    again: list[Run] = []
    alerts: list[list[float]] = []
    theirs: list[list[float]] = []
    scopes = load.tenants("warm")
    business.ours(chain, scopes, load.business(chain.codec, scopes, 500))  # code loaded, schemas known
    for number in range(rounds):
        _say(f"round {number + 1} of {rounds}")
        chain.stored()
        chain.stack.stop("sink")
        start = sink.positions(chain)
        ours, faust, scopes = business.round_(chain, number, events)
        live.append(ours)
        count.append(faust)
        ours, hand = sink.round_(chain, number, start, scopes)
        stored.append(ours)
        by_hand.append(hand)
        again.append(replay.run(chain))
        alerts.append(latency.ours(chain, seconds))
        theirs.append(latency.fausts(chain, seconds, number))
    return [
        business.row(live, count),
        sink.row(stored, by_hand),
        replay.row(again, live),
        latency.row(alerts, theirs),
    ]


def _machine() -> str:
    """Where and when this was measured."""
    busy = " ".join(f"{n:.1f}" for n in os.getloadavg())
    parts = ("confluent-kafka", "faust-streaming", "fastavro", "clickhouse-connect", "chdb")
    found = ", ".join(f"{name} {version(name)}" for name in parts)
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, load {busy}; {found}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
