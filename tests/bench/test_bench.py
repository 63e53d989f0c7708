"""The bench runs: every row, tiny; each row checks its results against its peer's before it tells a rate."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import backtest, five, rules
from bench.__main__ import measure
from bench.chain import Chain
from bench.table import HEAD, Row, render

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_every_row_is_measured(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    try:
        rows = measure(chain, 1, 1000, 0.5)
    finally:
        chain.close()
    assert [row.work.split(" ")[0].rstrip(":") for row in rows] == ["business", "sink", "replay", "publish"]
    assert all(row.ours and row.against for row in rows)


def test_rules_that_do_not_look_cost_nothing() -> None:
    few, many = rules.cost(20, 5, 300), rules.cost(200, 5, 300)
    assert many < 3 * few  # ten times the rules; all looking, it would be ten times the cost


def test_five_conditions_find_the_same_in_our_core_and_in_faust() -> None:
    assert "plain Faust" in five.row(1000, 1).against


def test_a_log_on_disk_is_back_tested_and_memory_is_watched(tmp_path: Path) -> None:
    assert "at a tenth" in backtest.row(2000, tmp_path).ratio


def test_a_table_has_a_cell_for_each_column() -> None:
    lines = render([Row("work", "1")]).splitlines()
    assert [line.count("|") for line in lines] == [len(HEAD) + 1] * 3
