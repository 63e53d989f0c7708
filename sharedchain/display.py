"""How numbers and times look to people: thousands, 亿/万 or M/K, the zone with its offset."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Language = Literal["zh", "en"]
_STEPS: dict[Language, tuple[tuple[Decimal, str], ...]] = {
    "zh": ((Decimal(10**8), "亿"), (Decimal(10**4), "万")),
    "en": ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "K")),
}


def accepted_language(header: str, default: Language = "zh") -> Language:
    """zh or en, whichever an Accept-Language header prefers; `default` when it names neither."""
    ranked: list[tuple[float, Language]] = []
    for part in header.split(","):
        name, _, quality = part.strip().partition(";q=")
        tag = name.partition("-")[0].lower()
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if weight > 0 and tag in ("zh", "en"):
            ranked.append((weight, "zh" if tag == "zh" else "en"))
    return max(ranked, key=lambda one: one[0])[1] if ranked else default


def thousands(value: str | Decimal) -> str:
    """`178000000.00` → `178,000,000.00`; text that is no number stays as it is."""
    try:
        return format(Decimal(value), ",f")
    except InvalidOperation:
        return str(value)


def compact(value: str | Decimal, lang: Language) -> str:
    """`178000000.00` → `1.78亿` or `178M`; empty below the smallest step. Two places at most, rounded half up."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return ""
    for step, name in _STEPS[lang]:
        if abs(number) >= step:
            short = (number / step).quantize(Decimal("0.01"), ROUND_HALF_UP)
            return f"{_trimmed(short)}{name}"
    return ""


def money(value: str | Decimal, lang: Language) -> str:
    """Exact, with the short form beside it: `178,000,000.00 (1.78亿)`."""
    short = compact(value, lang)
    return f"{thousands(value)} ({short})" if short else thousands(value)


def percent(value: str | Decimal, places: int = 2) -> str:
    """`0.8` → `80.00 %`, rounded half up; as the alerts say it."""
    share = (Decimal(value) * 100).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{format(share, 'f')} %"


def duration(seconds: int, lang: Language) -> str:
    """`2d 1h 30m` or `2天1时30分`, below a minute `12s`; parts that are nothing are left out."""
    zh = lang == "zh"
    if seconds < 60:
        return f"{seconds}{'秒' if zh else 's'}"
    parts = (seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60)
    said = [f"{count}{name}" for count, name in zip(parts, "天时分" if zh else "dhm", strict=True) if count]
    return ("" if zh else " ").join(said)


def local_time(text: str, zone: str) -> str:
    """RFC 3339 → `2026-05-01 00:00 +08:00` in `zone` (UTC if the zone is unknown here)."""
    there: tzinfo
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        there = UTC
    moment = datetime.fromisoformat(text).astimezone(there)
    offset = moment.strftime("%z")
    return f"{moment:%Y-%m-%d %H:%M} {offset[:3]}:{offset[3:5]}"


def _trimmed(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
