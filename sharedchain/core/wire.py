"""What fits the wire. Strangers' amounts, times and texts reach the core; none of them may stop it."""

from __future__ import annotations

import hashlib
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

_RATE = Decimal(10) ** 14  # decimal(18,4): 14 digits before the point
_MONEY = Decimal(10) ** 16 - Decimal("0.01")  # decimal(18,2)
_NAME = 200  # characters of a subject
_SHOWN = 200  # characters of a value in an explanation


def rate(value: Decimal | None, scale: int = 4) -> Decimal | None:
    """Rounded half up to `scale`; what decimal(18,4) cannot hold has no value."""
    if value is None or not value.is_finite() or abs(value) >= _RATE:
        return None
    return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


def money(value: Decimal) -> Decimal:
    """A sum of amounts; beyond decimal(18,2) it stands at the border (9,999,999,999,999,999.99)."""
    return max(min(value, _MONEY), -_MONEY)


def number(value: Any) -> Decimal | None:
    """A payload's value as a finite number, or None."""
    try:
        found = None if value is None or isinstance(value, bool) else Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return found if found is not None and found.is_finite() else None


def name(text: str) -> str:
    """A subject of at most 200 characters; a longer one keeps its beginning and a digest of the whole."""
    if len(text) <= _NAME:
        return text
    return f"{text[: _NAME - 17]}…{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def text(value: Any) -> str:
    """A payload's value as people read it: numbers without idle zeros, lists by their words."""
    if type(value) is str:
        return value
    match value:
        case None:
            return ""
        case Decimal() if value.is_finite():
            plain = format(value, "f")
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case list() | tuple():
            return ", ".join(map(text, value))
    return str(value)


def shown(value: Any) -> Any:
    """A value as an explanation shows it: long texts cut, lists and maps by their size."""
    match value:
        case str() if len(value) > _SHOWN:
            return value[:_SHOWN] + "…"
        case list() | tuple() | dict():
            return f"{len(value)} elements"
    return value
