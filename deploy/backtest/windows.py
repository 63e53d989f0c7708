"""Labelled windows, in which something was wrong: which of them alerts catch, how early, and what rang for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from deploy.backtest.alarms import Alarm
from sharedchain.errors import ConfigError
from sharedchain.yamlfile import read


@dataclass(frozen=True, slots=True)
class Window:
    """Something was wrong from `start` to `end`, ms."""

    start: int
    end: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Catch:
    """`first` is the first alert that begins in the window, `already` one that rang when it began; None = none."""

    window: Window
    first: Alarm | None
    already: Alarm | None

    @property
    def caught(self) -> bool:
        return self.first is not None or self.already is not None

    @property
    def into(self) -> int | None:
        """How long after the start of the window one knew, ms; 0 if it rang already."""
        if self.already is not None:
            return 0
        return None if self.first is None else self.first.opened - self.window.start


def load(path: Path) -> list[Window]:
    """`windows: [{from, to, what}]`, moments in UTC unless they say otherwise. Raises ConfigError."""
    try:
        return [
            Window(_ms(one["from"]), _ms(one["to"]), str(one.get("what", ""))) for one in read(path).value["windows"]
        ]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError([f"{path}: no file of windows (windows: [{{from, to, what}}]): {error}"]) from None


def caught(windows: Sequence[Window], alarms: Iterable[Alarm]) -> tuple[list[Catch], list[Alarm]]:
    """What came of each window, and the alerts that rang in none."""
    found = sorted(alarms, key=lambda alarm: alarm.opened)
    catches = [
        Catch(
            window,
            first=next((a for a in found if window.start <= a.opened <= window.end), None),
            already=next((a for a in found if a.opened < window.start and a.within(window.start, window.end)), None),
        )
        for window in windows
    ]
    nothing = [a for a in found if not any(a.within(window.start, window.end + 1) for window in windows)]
    return catches, nothing


def plain(catches: Sequence[Catch], nothing: Sequence[Alarm]) -> Mapping[str, Any]:
    """For machines."""
    return {
        "windows": [
            {
                "what": one.window.name,
                "caught": one.caught,
                "after_start_seconds": None if one.into is None else one.into / 1000,
                "before_end_seconds": None
                if one.into is None
                else (one.window.end - one.window.start - one.into) / 1000,
            }
            for one in catches
        ],
        "false": len(nothing),
    }


def _ms(said: object) -> int:
    at = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
