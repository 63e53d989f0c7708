"""What counts as a minute that is not the log's; the whole of it on a real chain: tests/chain/test_telemetry.py."""

from __future__ import annotations

import polars as pl

from deploy.minutes import summed, verdict
from sharedchain.telemetry import SCHEMA, Reading
from sinks.telemetry.fold import partials


def reading(value: float, at: int, offset: int) -> Reading:
    return Reading("t", False, "EQ-1", "B", "m", value, None, True, at, at + 10, offset, 0)


def added(*readings: Reading) -> pl.DataFrame:
    return partials(pl.DataFrame(readings, SCHEMA, orient="row"), 3)


FIRST = added(reading(1.5, 60_000, 0), reading(2.5, 60_001, 1))
MORE = added(reading(9, 60_000, 2), reading(1, 120_000, 3))
WHOLE = summed([FIRST, MORE])


def test_partial_rows_add_up_however_they_were_cut() -> None:
    one = summed(
        [added(*(reading(*said) for said in ((1.5, 60_000, 0), (2.5, 60_001, 1), (9, 60_000, 2), (1, 120_000, 3))))]
    )
    assert WHOLE.sort("minute").equals(one.sort("minute"))
    assert WHOLE.filter(minute=60_000).select("n", "total", "low", "high", "last_value").rows() == [
        (3, 130_000, 15_000, 90_000, 25_000)
    ]


def test_a_minute_too_few_too_many_or_another_is_told() -> None:
    twice = summed([FIRST, MORE, MORE])
    assert verdict(WHOLE, WHOLE, whole=True).equal
    assert not verdict(WHOLE.head(1), WHOLE, whole=True).equal
    assert not verdict(WHOLE, WHOLE.head(1), whole=True).equal
    assert verdict(twice, WHOLE, whole=True).only_live == 2


def test_where_retention_took_the_beginning_a_minute_may_count_more_and_never_less() -> None:
    rest = summed([MORE])
    assert verdict(WHOLE, rest, whole=False).equal
    assert not verdict(rest, WHOLE, whole=False).equal


def test_no_readings_are_no_minutes() -> None:
    assert verdict(summed([]), summed([]), whole=True).equal
