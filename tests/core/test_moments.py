"""When a band is reached: in hours, shares, local days with daylight saving, worked days, checkpoints."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sharedchain.core.calendar import MONDAY_TO_FRIDAY
from sharedchain.core.moments import Dial, checkpoint
from sharedchain.core.rule import Band

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"


def ms(text: str, zone: str = SHANGHAI) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def dial(since: str, due: str = "", unit: str = "h", count: Any = "", zone: str = SHANGHAI) -> Dial:
    return Dial(ms(since, zone), ms(due, zone) if due else None, unit, count, zone, MONDAY_TO_FRIDAY)


def band(**limit: Any) -> Band:
    return Band.model_validate({"severity": "RED", **limit})


def test_a_node_of_four_hours_is_four_fifths_gone_and_then_late() -> None:
    node = dial("2026-04-22 10:30", "2026-04-22 14:30", "share")
    assert node.moment(band(at_least="0.8")) == ms("2026-04-22 13:42")
    assert node.value(ms("2026-04-22 13:42")) == Decimal("0.8")
    late = dial("2026-04-22 10:30", "2026-04-22 14:30", "min")
    assert late.moment(band(over=0)) == ms("2026-04-22 14:30") + 1  # strictly later
    assert late.value(ms("2026-04-22 14:31")) == 1


def test_time_is_negative_before_it_is_due() -> None:
    due = dial("2026-04-01", "2026-05-10", "d")
    assert due.moment(band(at_least=-7)) == ms("2026-05-03")
    assert due.value(ms("2026-05-03")) == -7


@pytest.mark.parametrize(("limit", "at"), [({"over": 30}, "2026-04-15"), ({"at_least": 30}, "2026-04-14")])
def test_local_days_are_reached_at_midnight(limit: dict[str, Any], at: str) -> None:
    member = dial("2026-03-15 12:00", unit="d", count="calendar")
    assert member.moment(band(**limit)) == ms(at)
    assert member.value(ms("2026-04-15")) == 31


def test_a_day_of_twenty_three_hours_is_a_day() -> None:
    """Europe/Berlin, 29 March 2026: the clock goes from 02:00 to 03:00."""
    local = dial("2026-03-28 10:00", unit="d", count="calendar", zone=BERLIN)
    assert local.moment(band(at_least=2)) == ms("2026-03-30", BERLIN)
    assert local.moment(band(at_least=2)) - local.moment(band(at_least=1)) == 23 * 3_600_000
    plain = dial("2026-03-28 10:00", unit="d", zone=BERLIN)
    assert plain.moment(band(at_least=1)) == ms("2026-03-29 11:00", BERLIN)  # 24 hours


def test_worked_days_leave_out_the_weekend() -> None:
    friday = dial("2026-05-01 09:00", unit="d", count="working")
    assert friday.moment(band(over=1)) == ms("2026-05-05")
    assert friday.value(ms("2026-05-03 12:00")) == 0
    assert friday.value(ms("2026-05-05")) == 2


def test_a_share_of_nothing_is_whole_when_it_is_due() -> None:
    at_once = dial("2026-05-01 09:00", "2026-05-01 09:00", "share")
    assert at_once.moment(band(at_least="0.8")) == ms("2026-05-01 09:00")
    assert [at_once.value(ms(f"2026-05-01 {at}")) for at in ("08:59", "09:00")] == [0, 1]


def test_what_is_reached_is_the_first_millisecond_that_holds() -> None:
    third = dial("2026-05-01 00:00", "2026-05-01 00:00:10", "share")
    for limit in ({"at_least": "0.3333"}, {"over": "0.3333"}, {"over": "0.5"}):
        at, one = third.moment(band(**limit)), band(**limit)
        assert one.holds(third.value(at))
        assert not one.holds(third.value(at - 1))


@pytest.mark.parametrize(
    ("at", "days", "opens"),
    [("2026-05-01 00:00", ["01", "16"], "2026-05-01"), ("2026-05-01 00:01", ["01", "16"], "2026-05-16"),
     ("2026-12-17 00:00", ["16", "01"], "2027-01-01"), ("2027-02-02 00:00", ["31"], "2027-02-28")],
)  # fmt: skip
def test_a_checkpoint_is_a_midnight(at: str, days: list[str], opens: str) -> None:
    assert checkpoint(ms(at), days, SHANGHAI) == ms(opens)


def test_no_threshold_is_reached_at_once() -> None:
    assert dial("2026-05-01").moment(Band(severity="RED")) == ms("2026-05-01")
