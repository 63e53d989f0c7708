"""Words of the core that several modules share: severities, channels, languages, durations."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

Severity = Literal["INFO", "YELLOW", "RED"]
Channel = Literal["EMAIL", "IM", "INBOX", "LIGHT"]
Language = Literal["zh", "en"]
SEVERITIES: tuple[Severity, ...] = ("INFO", "YELLOW", "RED")
_LONGEST = 36_500  # days
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def rank(severity: Severity) -> int:
    return SEVERITIES.index(severity)


def milliseconds(value: object) -> int:
    """`90s`, `10m`, `4h`, `2d` → milliseconds. Raises ValueError."""
    match = re.fullmatch(r"(\d+)\s*([smhd])", str(value))
    if not match:
        raise ValueError(f"{value!r} is no duration: write a number with s, m, h or d, as 10m")
    span = int(match[1]) * _UNITS[match[2]]
    if span > _LONGEST * _UNITS["d"]:
        raise ValueError(f"{value!r} is longer than a hundred years")
    return span


Duration = Annotated[int, BeforeValidator(lambda v: v if isinstance(v, int) else milliseconds(v))]


class Model(BaseModel):
    """Base of everything read from rule files: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Model):
    """One text in both languages."""

    zh: str
    en: str
