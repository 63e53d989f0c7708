"""Periods by name: `2026`, `2026H1`, `2026Q2`, `2026-04`. A local day lies in one of each."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

_NAME = re.compile(r"(\d{4})(?:H([12])|Q([1-4])|-(0[1-9]|1[0-2]))?")


def covering(day: date) -> tuple[str, str, str, str]:
    """The year, half-year, quarter and month that hold `day`."""
    half, quarter = (day.month + 5) // 6, (day.month + 2) // 3
    return f"{day:%Y}", f"{day:%Y}H{half}", f"{day:%Y}Q{quarter}", f"{day:%Y-%m}"


def span(name: str) -> tuple[date, date] | None:
    """The first day of a period and the first day after it; None for a name that is none of ours."""
    said = _NAME.fullmatch(name)
    if said is None or not 1 <= int(said[1]) < 9999:
        return None
    year = int(said[1])
    months = 6 if said[2] else 3 if said[3] else 1 if said[4] else 12
    first = (int(said[2] or said[3] or said[4] or 1) - 1) * months + 1
    after = first + months
    return date(year, first, 1), date(year + after // 13, (after - 1) % 12 + 1, 1)


def elapsed(name: str, day: date) -> Decimal | None:
    """The share of a period that is over when `day` begins: 0 before it, 1 after it; None for another name."""
    days = span(name)
    if days is None:
        return None
    past = min(max((day - days[0]).days, 0), (days[1] - days[0]).days)
    return Decimal(past) / (days[1] - days[0]).days
