"""Days and minutes of a business zone, on milliseconds since the epoch (UTC)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = 60_000
EPOCH = date(1970, 1, 1).toordinal()
_FIRST, _LAST = -2_208_902_400_000, 10_413_705_600_000  # 1900-01-02, 2299-12-31: what the store can hold


def minute_of(ms: int) -> int:
    """The start of the minute that holds `ms`."""
    return ms - ms % MINUTE


def local_day(ms: int, zone: str) -> date:
    """The calendar day of `zone` at `ms`; times outside 1900 … 2299 count as the border's day."""
    return datetime.fromtimestamp(_sane(ms) / 1000, _zone(zone)).date()


def midnight(day: date, zone: str) -> int:
    """The first instant of `day` in `zone`; on a day without 00:00 (DST), the first one it has."""
    return round(datetime(day.year, day.month, day.day, tzinfo=_zone(zone)).timestamp() * 1000)


def next_midnight(ms: int, zone: str) -> int:
    """The first midnight of `zone` after `ms`."""
    return midnight(local_day(ms, zone) + timedelta(days=1), zone)


def local_text(ms: int, zone: str) -> str:
    """`2026-05-01 00:00 +08:00`: what people read."""
    moment = datetime.fromtimestamp(_sane(ms) / 1000, UTC).astimezone(_zone(zone))
    offset = moment.strftime("%z")
    return f"{moment:%Y-%m-%d %H:%M} {offset[:3]}:{offset[3:]}"


def _sane(ms: int) -> int:
    return min(max(ms, _FIRST), _LAST)


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
