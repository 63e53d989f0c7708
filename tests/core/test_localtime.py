from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sharedchain.core.localtime import local_day, local_text, midnight, minute_of, next_midnight


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("day", "zone", "first"),
    [
        ("2026-05-01", "Asia/Shanghai", "2026-04-30T16:00"),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00"),  # the day with 23 hours
        ("2026-03-30", "Europe/Berlin", "2026-03-29T22:00"),
        ("2026-11-01", "America/New_York", "2026-11-01T04:00"),  # the day with 25 hours
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00"),  # a day without 00:00
        ("2026-05-01", "Asia/Kolkata", "2026-04-30T18:30"),
    ],
)
def test_the_first_instant_of_a_day(day: str, zone: str, first: str) -> None:
    at = midnight(date.fromisoformat(day), zone)
    assert at == ms(first)
    assert str(local_day(at, zone)) == day
    assert str(local_day(at - 1, zone)) < day
    assert next_midnight(at - 1, zone) == at < next_midnight(at, zone)


def test_minutes_and_what_people_read() -> None:
    assert minute_of(ms("2026-05-01T00:00:59.999")) == ms("2026-05-01T00:00")
    assert local_text(ms("2026-04-30T16:00"), "Asia/Shanghai") == "2026-05-01 00:00 +08:00"
