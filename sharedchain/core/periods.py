"""Periods by name: `2026`, `2026H1`, `2026Q2`, `2026-04`. A local day lies in one of each."""

from __future__ import annotations

from datetime import date


def covering(day: date) -> tuple[str, str, str, str]:
    """The year, half-year, quarter and month that hold `day`."""
    half, quarter = (day.month + 5) // 6, (day.month + 2) // 3
    return f"{day:%Y}", f"{day:%Y}H{half}", f"{day:%Y}Q{quarter}", f"{day:%Y-%m}"
