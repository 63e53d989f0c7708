"""Numbers and times as people read them."""

from __future__ import annotations

import pytest

from sharedchain.display import (
    Language,
    accepted_language,
    compact,
    duration,
    local_time,
    money,
    percent,
    thousands,
)


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ("178000000.00", "1.78亿", "178M"),
        ("160000000", "1.6亿", "160M"),
        ("36000000.00", "3600万", "36M"),
        ("12345.00", "1.23万", "12.35K"),
        ("9999.99", "", "10K"),
        ("999", "", ""),
        ("-48000000", "-4800万", "-48M"),
        ("1000000000000", "10000亿", "1000B"),
        ("abc", "", ""),
    ],
)
def test_compact(value: str, zh: str, en: str) -> None:
    assert (compact(value, "zh"), compact(value, "en")) == (zh, en)


def test_money_is_exact_with_the_short_form_beside_it() -> None:
    assert money("178000000.00", "zh") == "178,000,000.00 (1.78亿)"
    assert money("12.50", "zh") == "12.50"
    assert thousands("9007199254740993.01") == "9,007,199,254,740,993.01"
    assert thousands("n/a") == "n/a"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Asia/Shanghai", "2026-03-29 09:30 +08:00"),
        ("Europe/Berlin", "2026-03-29 03:30 +02:00"),
        ("America/Sao_Paulo", "2026-03-28 22:30 -03:00"),
        ("Asia/Kolkata", "2026-03-29 07:00 +05:30"),
        ("Nowhere/Land", "2026-03-29 01:30 +00:00"),
        ("../../etc/passwd", "2026-03-29 01:30 +00:00"),
    ],
)
def test_times_stand_in_their_zone_with_the_offset(zone: str, text: str) -> None:
    assert local_time("2026-03-29T01:30:00.000Z", zone) == text


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("de-DE,de;q=0.9,en;q=0.3", "en"),
        ("en;q=0,zh;q=0.1", "zh"),
        ("fr", "zh"),
        ("", "zh"),
        ("en;q=x", "zh"),
    ],
)
def test_accepted_language(header: str, language: Language) -> None:
    assert accepted_language(header) == language


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (2 * 86_400 + 5400, "2天1时30分", "2d 1h 30m"),
        (86_400, "1天", "1d"),
        (3600, "1时", "1h"),
        (60, "1分", "1m"),
        (59, "59秒", "59s"),
        (0, "0秒", "0s"),
    ],
)
def test_duration(seconds: int, zh: str, en: str) -> None:
    assert (duration(seconds, "zh"), duration(seconds, "en")) == (zh, en)


@pytest.mark.parametrize(("value", "said"), [("0.8", "80.00 %"), ("-0.03371", "-3.37 %"), ("0.66666", "66.67 %")])
def test_percent(value: str, said: str) -> None:
    assert percent(value) == said
