"""Minutes add up alike whatever batches their readings came in."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

import polars as pl

from sharedchain.telemetry import SCHEMA, Reading
from sinks.telemetry.fold import COLUMNS, KEYS, LATE, partials

NOW = 1_777_000_020_000
SUMS, FIRST = ("n", "good", "late", "total"), NOW // 60_000 * 60_000


def reading(offset: int = 0, nth: int = 0, **changes: Any) -> Reading:
    usual = ("acme", False, "EQ-1", "B", "t", 20.0, None, True, NOW, NOW, offset, nth)
    return Reading(*usual)._replace(**changes)


def fold(readings: Iterable[Reading], partition: int = 0) -> list[dict[str, Any]]:
    return partials(pl.DataFrame(list(readings), SCHEMA, orient="row"), partition).to_dicts()


def merged(parts: Iterable[dict[str, Any]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """What AggregatingMergeTree makes of partial rows."""
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in parts:
        found.setdefault(tuple(row[k] for k in KEYS), []).append(row)
    return {
        key: (
            *(sum(r[name] for r in rows) for name in SUMS),
            min(r["low"] for r in rows), max(r["high"] for r in rows), max(tuple(r["last"].values()) for r in rows),
        )
        for key, rows in found.items()
    }  # fmt: skip


def test_a_minute_holds_count_sum_least_greatest_last_good_and_late() -> None:
    said = [
        reading(0, value=20.5, at=NOW + 2),
        reading(1, value=-3.00004, at=NOW + 3, good=False),
        reading(2, value=7.0, at=NOW + 1, recorded=NOW + 1 + LATE + 1),
        reading(3, value=7.5, at=NOW + 1, recorded=NOW + 1 + LATE),
    ]
    (row,) = fold(said, partition=5)
    assert tuple(row) == COLUMNS
    assert row["minute"].timestamp() * 1000 == FIRST
    assert [row[name] for name in (*SUMS, "low", "high")] == [4, 3, 1, 320_000, -30_000, 205_000]
    assert row["last"] == {"at": NOW + 3, "partition": 5, "offset": 1, "nth": 0, "value": -30_000}


def test_of_readings_of_one_moment_the_one_published_last_is_last() -> None:
    said = [reading(7, 1, value=3.0), reading(7, 2, value=2.0), reading(6, 9, value=1.0)]
    assert fold(said)[0]["last"]["value"] == 20_000
    assert fold(said[::-1])[0]["last"]["value"] == 20_000


def test_whose_which_part_and_which_minute_are_kept_apart() -> None:
    others: list[dict[str, Any]] = [
        {"tenant": "b"},
        {"equipment_id": "x"},
        {"component_id": "C"},
        {"metric": "p"},
        {"at": FIRST - 1},
    ]
    assert len(fold([reading(n, **change) for n, change in enumerate([{}, *others, {"at": FIRST}])])) == 6


def test_any_cut_into_batches_and_any_order_adds_up_alike() -> None:
    chance = random.Random(8)
    said = [
        reading(
            n, chance.randrange(3), equipment_id=f"EQ-{chance.randrange(3)}", value=chance.uniform(-1e9, 1e9),
            at=NOW + chance.randrange(180_000), good=chance.random() < 0.9,
        )
        for n in range(400)
    ]  # fmt: skip
    whole = merged(fold(said))
    for _ in range(3):
        cuts = sorted(chance.sample(range(1, 400), 6))
        runs = [said[a:b] for a, b in zip([0, *cuts], [*cuts, 400], strict=True)]
        chance.shuffle(runs)
        assert merged(row for run in runs for row in fold(run)) == whole
    total = sum(math.floor(one.value * 10_000 + 0.5) for one in said)
    assert sum(sums[3] for sums in whole.values()) == total
