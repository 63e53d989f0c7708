"""Worked days: weeks, days off, days made up for, and a company's own over its region's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from sharedchain.core.calendar import MONDAY_TO_FRIDAY, Calendar, Days, resolved

FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 5, n) for n in (1, 2, 3, 4))
WORDS = {"zh": "历", "en": "c"}


def calendar(id_: str, **said: Any) -> Calendar:
    return Calendar.model_validate({"id": id_, "title": WORDS, **said})


def test_a_week_has_five_worked_days() -> None:
    assert MONDAY_TO_FRIDAY.between(FRIDAY, FRIDAY + timedelta(days=7)) == 5
    assert MONDAY_TO_FRIDAY.between(FRIDAY, SUNDAY) == 0
    assert MONDAY_TO_FRIDAY.between(MONDAY, FRIDAY) == -1


@pytest.mark.parametrize(
    ("start", "count", "reached"),
    [(FRIDAY, 1, MONDAY), (SUNDAY, 1, MONDAY), (MONDAY, 4, date(2026, 5, 8)), (MONDAY, 5, date(2026, 5, 11)),
     (FRIDAY, 0, FRIDAY), (SUNDAY, 0, FRIDAY), (MONDAY, -1, FRIDAY), (MONDAY, -2, date(2026, 4, 30))],
)  # fmt: skip
def test_a_count_is_reached_on_its_first_day(start: date, count: int, reached: date) -> None:
    assert MONDAY_TO_FRIDAY.reach(start, count) == reached
    assert MONDAY_TO_FRIDAY.between(start, reached) >= count
    assert MONDAY_TO_FRIDAY.between(start, reached - timedelta(days=1)) < count


def test_a_company_works_when_its_region_does_not() -> None:
    region = calendar("CN", off={"2026-05-01": "劳动节", "2026-05-04": "劳动节"}, work={"2026-05-09": "调休"})
    own = calendar("acme", extends="CN", work={"2026-05-04": "盘点"}, off={"2026-05-09": "团建"})
    every = {"CN": region, "acme": own}
    assert [resolved(every, "CN").worked(day) for day in (FRIDAY, MONDAY, date(2026, 5, 9))] == [False, False, True]
    assert [resolved(every, "acme").worked(day) for day in (FRIDAY, MONDAY, date(2026, 5, 9))] == [False, True, False]


def test_a_weekend_is_what_the_nearest_calendar_says() -> None:
    every = {"AE": calendar("AE", weekend=["fri", "sat"]), "x": calendar("x", extends="AE")}
    assert [resolved(every, "x").worked(day) for day in (FRIDAY, SATURDAY, SUNDAY)] == [False, False, True]


def test_what_is_not_there_is_monday_to_friday_and_a_ring_ends() -> None:
    assert resolved({}, "nowhere") == MONDAY_TO_FRIDAY
    ring = {"a": calendar("a", extends="b"), "b": calendar("b", extends="a")}
    assert resolved(ring, "a") == MONDAY_TO_FRIDAY


def test_a_calendar_without_a_worked_day_is_reached_nowhere_but_counted() -> None:
    never = Days(frozenset(range(7)), frozenset(), frozenset())
    assert never.between(FRIDAY, MONDAY) == 0
    assert never.reach(FRIDAY, 1) > FRIDAY
