"""How cost grows: CPU per event at 1×, 4×, 16× of backlog, scopes, equipment; and what a second worker gives."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from bench import five, load
from bench.business import ours
from bench.chain import Chain
from bench.meter import Run
from bench.readings import readings
from bench.table import Row
from sharedchain.core import fold

_STEPS = (1, 4, 16)


def rows(events: int, rounds: int = 3) -> list[Row]:
    """Equipment, backlog, scopes, and two workers; `events` is the largest backlog."""
    with tempfile.TemporaryDirectory(prefix="bench-growth-") as folder:
        chain = Chain(Path(folder), engines=2)
        try:
            return [
                _backlog(chain, events, rounds),
                _scopes(chain, events // 4, rounds),
                _workers(chain, events, rounds),
            ]
        finally:
            chain.close()


def equipment(facts: int = 16_000, rounds: int = 3) -> Row:
    """The core alone: five rules on readings of 60, 240, 960 machines."""
    cost: dict[int, list[float]] = {step: [] for step in _STEPS}
    for _ in range(rounds):
        for step in _STEPS:
            cost[step].append(_readings(60 * step, facts))
    return _row("core: machines 60, 240, 960, five rules", cost)


def _readings(machines: int, facts: int) -> float:
    said = (one | {"equipment_id": f"EQ-{int(one['equipment_id'][3:]) % machines:03}"} for one in readings(facts))
    made = [five.fact(n, one) for n, one in enumerate(said, 100)]
    state, _ = fold.step(fold.new_state(), list(five.config(one_shot=False)))
    state, _ = fold.step(state, made[: facts // 2])
    began = time.process_time()
    fold.step(state, made[facts // 2 :])
    return (time.process_time() - began) / (facts - facts // 2) * 1e6


def _backlog(chain: Chain, events: int, rounds: int) -> Row:
    """Published as fast as the broker takes them, so that most of them wait."""
    cost: dict[int, list[float]] = {step: [] for step in _STEPS}
    for number in range(rounds):
        for step in _STEPS:
            cost[step].append(_cost(_run(chain, f"g{number}-{step}", events * step // 16, 6)))
    return _row(f"business: backlog {events // 16:,}, {events // 4:,}, {events:,} events", cost)


def _scopes(chain: Chain, events: int, rounds: int) -> Row:
    """One company, four, eight: as many partitions of the spine."""
    steps = (1, 4, 8)
    cost: dict[int, list[float]] = {step: [] for step in steps}
    for number in range(rounds):
        for step in steps:
            cost[step].append(_cost(_run(chain, f"s{number}-{step}", events, step)))
    return _row("business: scopes on 1, 4, 8 partitions", cost)


def _workers(chain: Chain, events: int, rounds: int) -> Row:
    """The same with the second engine away, and with it."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for number in range(rounds):
        for count in (1, 2):
            (chain.stack.start if count == 2 else chain.stack.stop)("engine-1")
            chain.decided()
            rates[count].append(_run(chain, f"w{number}-{count}", events, 6).rate)
    one, two = (statistics.median(rates[count]) for count in (1, 2))
    return Row(
        "business: one engine worker, then two", f"two: {two:,.0f}/s", f"one: {one:,.0f}/s", f"{two / one:.2f}×", "",
        "on 2 cores, broker and ingest share what one engine leaves: it shows that two share the work, and no more",
    )  # fmt: skip


def _run(chain: Chain, tag: str, events: int, scopes: int) -> Run:
    names = load.tenants(tag, scopes)
    return ours(chain, names, load.business(chain.codec, names, events))


def _cost(run: Run) -> float:
    return run.cpu_per_million


def _row(work: str, cost: dict[int, list[float]]) -> Row:
    found = {step: statistics.median(costs) for step, costs in cost.items()}
    first, last = found[min(found)], found[max(found)]
    told = "; ".join(f"{step}×: {value:.0f}" for step, value in found.items())
    return Row(f"growth, {work}", f"{told} CPU µs an event", "", f"{last / first:.2f}×", "flat: 1×")
