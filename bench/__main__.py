"""`python -m bench [--rounds N] [--events N] [--seconds S]`: one table, ratios of one run, rounds in turns.

Starts an embedded stack of its own in a temporary home and ends it. Medians with least and most;
rates are printed only for results that were checked equal. Peers run in environments of their own (bench/peers).
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from bench import business, environment, growth, latency, load, replay, rules, sink, telemetry
from bench.chain import Chain
from bench.meter import Run
from bench.table import Row, head, line

ROWS = ("chain", "telemetry", "rules", "growth")  # chain: business, sink, replay, latency on one stack


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed, as ratios in one run.")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (fewer than 5 are no claim)")
    parser.add_argument("--events", type=int, default=20_000, help="business events a round")
    parser.add_argument("--readings", type=int, default=telemetry.READINGS, help="of telemetry a round")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each latency round")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=ROWS, help="these rows alone")
    asked = parser.parse_args(argv)
    print(f"python -m bench --rounds {asked.rounds} --events {asked.events} --seconds {asked.seconds:g}")
    print(_machine(), flush=True)
    print(head(), flush=True)
    for row in _rows(asked):
        print(line(row), flush=True)  # as it comes: what is measured later may fail
    print(_machine())
    return 0


def _rows(asked: argparse.Namespace) -> Iterator[Row]:
    if "chain" in asked.only:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            chain = Chain(Path(folder))
            try:
                yield from measure(chain, asked.rounds, asked.events, asked.seconds)
            finally:
                chain.close()
    if "telemetry" in asked.only:
        yield from telemetry.rows(asked.readings, asked.rounds)
        yield from telemetry.rows(4 * asked.readings, asked.rounds, many=100)
    if "rules" in asked.only:
        yield rules.row(2000, asked.rounds)
    if "growth" in asked.only:
        yield from growth.rows(asked.events)


def measure(
    chain: Chain, rounds: int, events: int, seconds: float, peers: Sequence[str] = ("faust", "quixstreams")
) -> list[Row]:
    """Every row that needs the chain, its rounds in turns."""
    live: list[Run] = []
    count: list[Run] = []
    stored: list[Run] = []
    by_hand: list[Run] = []
    again: list[Run] = []
    alerts: list[latency.Waits] = []
    theirs: dict[str, list[latency.Waits]] = {peer: [] for peer in peers}
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
        for peer in peers:
            theirs[peer].append(latency.theirs(chain, peer, seconds, number))
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
    found = ", ".join([*(f"{name} {version(name)}" for name in parts), environment.told("quixstreams")])
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, load {busy}; {found}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
