"""The bench runs: every row, tiny; each row checks its results against its peer's before it tells a rate."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import backtest, five, rules
from bench.__main__ import measure
from bench.chain import Chain
from bench.readings import readings
from bench.table import HEAD, Row, distance, render
from deploy.backtest import spool

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_every_row_is_measured(chain: Chain) -> None:
    rows = measure(chain, 1, 1000, 0.5, peers=("faust",))
    assert [row.work.split(" ")[0].rstrip(":") for row in rows] == ["business", "sink", "replay", "publish"]
    assert all(row.ours and row.against for row in rows)


def test_rules_that_do_not_look_cost_nothing() -> None:
    few, many = rules.cost(20, 5, 300), rules.cost(200, 5, 300)
    assert many < 3 * few  # ten times the rules; all looking, it would be ten times the cost


def test_five_conditions_find_the_same_in_our_core_and_in_faust() -> None:
    assert "plain Faust" in five.row(1000, 1).against


def test_a_log_on_disk_is_back_tested_and_memory_is_watched(tmp_path: Path) -> None:
    assert "at a tenth" in backtest.row(2000, tmp_path).ratio
    written = list(spool.read(tmp_path / "facts-2000"))
    made = [five.fact(n, one, five._NOW + n * 5_000) for n, one in enumerate(readings(1994), 100)]
    assert written[6:] == made


def test_a_table_has_a_cell_for_each_column() -> None:
    lines = render([Row("work", "1")]).splitlines()
    assert [line.count("|") for line in lines] == [len(HEAD) + 1] * 3


def test_a_figure_is_told_by_its_distance_to_floor_and_goal() -> None:
    assert distance(25, 5, 20) == "goal reached"
    assert distance(5, 5, 20) == "floor held, 25% of the goal"
    assert distance(4, 5, 20).startswith("**floor missed**: 80% of it")
    assert distance(40, 20, 8, less=True) == "**floor missed**: 50% of it, 20% of the goal"
    assert distance(16, 20, 8, less=True) == "floor held, 50% of the goal"
