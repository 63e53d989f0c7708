"""When a band of a clock is reached, and what its clock reads: arithmetic on milliseconds and days, no more."""

from __future__ import annotations

import calendar as civil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from sharedchain.core.calendar import Days
from sharedchain.core.localtime import local_day, midnight
from sharedchain.core.rule import Band

Count = Literal["calendar", "working", ""]
_UNITS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_FAR = Decimal(36_500) * 86_400_000  # a century: nothing farther is waited for
_MONTHS = 24  # months that are searched for a checkpoint


@dataclass(frozen=True, slots=True)
class Dial:
    """What one clock counts: from when, until when, in which unit, on which days."""

    since: int  # ms
    due: int | None  # ms; then time counts from here, and is negative before
    unit: str
    count: Count
    zone: str
    days: Days

    @property
    def zero(self) -> int:
        return self.since if self.due is None else self.due

    def value(self, now: int) -> Decimal:
        """What it reads."""
        if self.unit == "share":
            span = self.zero - self.since
            return Decimal(now - self.since) / span if span > 0 else Decimal(int(now >= self.zero))
        if self.count:
            first, last = local_day(self.zero, self.zone), local_day(now, self.zone)
            return Decimal(self.days.between(first, last) if self.count == "working" else (last - first).days)
        return Decimal(now - self.zero) / _UNITS[self.unit]

    def moment(self, band: Band) -> int:
        """The first millisecond at which the band holds."""
        limit = band.threshold
        if limit is None:
            return self.since
        if self.count:
            return self._midnight(int(_whole(limit, band)))
        scale = max(self.zero - self.since, 0) if self.unit == "share" else _UNITS[self.unit]
        start = self.since if self.unit == "share" else self.zero
        return start + int(_whole(max(min(limit * scale, _FAR), -_FAR), band))

    def _midnight(self, days: int) -> int:
        first = local_day(self.zero, self.zone)
        day = self.days.reach(first, days) if self.count == "working" else first + timedelta(days=days)
        return midnight(day, self.zone)


def checkpoint(at: int, days: Iterable[str], zone: str) -> int:
    """The first local midnight at or after `at` that opens one of these days of a month; a month without that day has
    its last one."""
    wanted, day = [int(one) for one in days], local_day(at, zone)
    year, month = day.year, day.month
    for _ in range(_MONTHS):
        last = civil.monthrange(year, month)[1]
        for number in sorted({min(one, last) for one in wanted}):
            found = midnight(date(year, month, number), zone)
            if found >= at:
                return found
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return at


def opens(days: Iterable[str], day: date) -> bool:
    """Whether the midnight of this day is a checkpoint."""
    last = civil.monthrange(day.year, day.month)[1]
    return day.day in {min(int(one), last) for one in days}


def _whole(limit: Decimal, band: Band) -> Decimal:
    """The first whole number that satisfies the band."""
    if band.over is not None:
        return limit.to_integral_value(ROUND_FLOOR) + 1
    return limit.to_integral_value(ROUND_CEILING)
