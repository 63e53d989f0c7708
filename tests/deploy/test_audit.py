"""What the audit counts as a mismatch, and how it says so; the whole of it on a real chain: tests/nemesis."""

from __future__ import annotations

import pytest

from deploy.audit import METRIC, Audit, Count, exposed
from deploy.replay import Verdict
from sinks.clickhouse.recount import Recounted

RIGHT = Count(3, log=10, rows=10, offsets=10)
EQUAL = Verdict("facts", 10, 10, 0, 0)


def test_a_store_that_is_the_log_has_no_mismatch() -> None:
    assert Audit(12, (RIGHT,), (EQUAL,)).mismatch == 0


@pytest.mark.parametrize(
    ("count", "table", "mismatch"),
    [
        (Count(3, 10, 9, 9), EQUAL, 1),  # one is missing
        (Count(3, 10, 11, 10), EQUAL, 1),  # one stands twice
        (Count(3, 10, 10, 9), EQUAL, 1),  # one stands twice, in the place of another
        (Count(3, 10, 10, 11), EQUAL, 1),
        (RIGHT, Verdict("facts", 10, 10, 1, 1), 2),  # one is another
        (RIGHT, Verdict("facts", 11, 10, 0, 0), 1),  # a double, which sets do not see
        (RIGHT, Verdict("metric_minute", 9, 10, 0, 1), 1),
    ],
)
def test_each_way_to_differ_is_counted(count: Count, table: Verdict, mismatch: int) -> None:
    assert Audit(12, (count,), (table,)).mismatch == mismatch


def test_a_flow_that_sql_finds_otherwise_is_a_mismatch() -> None:
    flows = (Recounted("M-01", 9, 0), Recounted("M-02", 9, 2, "acme 2026-01-01 …"))
    assert Audit(12, (RIGHT,), (EQUAL,), flows).mismatch == 2


def test_the_metric_is_what_prometheus_reads() -> None:
    assert exposed(2).splitlines()[1:] == [f"# TYPE {METRIC} gauge", f"{METRIC} 2"]
