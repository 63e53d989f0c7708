"""Which days are worked: a calendar from the log (rules/calendars/*.yaml), and how many worked days lie between two.

A calendar may stand on another one and say only what differs: a company's own days over those of its region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from sharedchain.core.wording import Model, Words

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FAR = 4_000  # days that a count looks ahead or back at most: ten years
_DAY = timedelta(days=1)


class Calendar(Model):
    """Config kind `calendar`. `off`: days on which nobody works, `work`: days off the week on which one does."""

    id: Annotated[str, Field(min_length=1)]
    title: Words
    extends: str = ""
    weekend: tuple[Weekday, ...] | None = None  # None: as in what it extends, else Saturday and Sunday
    off: Mapping[date, str] = {}  # day → its name
    work: Mapping[date, str] = {}


@dataclass(frozen=True, slots=True)
class Days:
    """A calendar with all it stands on."""

    weekend: frozenset[int]
    off: frozenset[date]
    work: frozenset[date]

    def worked(self, day: date) -> bool:
        return day in self.work or (day not in self.off and day.weekday() not in self.weekend)

    def between(self, first: date, last: date) -> int:
        """Worked days after `first` up to `last`; below zero when `last` comes first."""
        if last < first:
            return -self.between(last, first)
        ahead = min((last - first).days, _FAR)
        return sum(self.worked(first + n * _DAY) for n in range(1, ahead + 1))

    def reach(self, start: date, count: int) -> date:
        """The first day `d` with `between(start, d) >= count`."""
        day, left = start, abs(count)
        for _ in range(_FAR):
            if count > 0:
                day += _DAY
                left -= self.worked(day)
                if not left:
                    break
            else:
                left -= self.worked(day)
                if left < 0:
                    break
                day -= _DAY
        return day


MONDAY_TO_FRIDAY = Days(frozenset({5, 6}), frozenset(), frozenset())


def resolved(calendars: Mapping[str, Calendar], name: str) -> Days:
    """A calendar over those it extends; nearer ones win. One that is not there is Monday to Friday."""
    chain: list[Calendar] = []
    while (one := calendars.get(name)) is not None and one not in chain:
        chain.append(one)
        name = one.extends
    weekend, off, work = MONDAY_TO_FRIDAY.weekend, set[date](), set[date]()
    for one in reversed(chain):
        weekend = weekend if one.weekend is None else frozenset(_WEEK.index(day) for day in one.weekend)
        off = (off - set(one.work)) | set(one.off)
        work = (work - set(one.off)) | set(one.work)
    return Days(weekend, frozenset(off), frozenset(work))
