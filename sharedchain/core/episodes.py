"""What rules remember of their subjects: open alerts, judgements, columns, errors. Plain, dumpable parts of the state.

Others import these classes from core/state.py, where everything that is remembered can be found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from sharedchain.core.columns import Cell
from sharedchain.core.wording import Channel, Severity

Place = tuple[int, int]  # (spine partition, seq): where a source fact stands


@dataclass
class Judgement:
    """What one judgement said: the highest band that held, None = none; and the fact that was judged."""

    severity: Severity | None
    place: Place


@dataclass
class Step:
    """One step of an episode's way: pending, firing, escalated or eased, since when, and how severe then."""

    state: str
    at: int
    severity: str = ""


@dataclass
class Episode:
    """One alert of (rule, subject, part), from the first judgement that counts. One-shot alerts are not kept.

    watching: too few of the last judgements hold. pending: it has not lasted long enough. firing: the alert is open.
    cooling: it was resolved, and is not raised again before `due`.
    """

    rule: str
    version: int
    subject: str
    status: Literal["watching", "pending", "firing", "cooling"]
    severity: Severity | None  # firing: the highest that was told, or, if falls are told, the last; else what holds now
    since: int  # when the condition began, ms
    due: int | None = None  # a timer: of `for` (pending), `keep_firing_for` (firing), `cooldown` (cooling)
    last: list[Judgement] = field(default_factory=list)  # of n-of-m: the last m, from the first that held
    held: list[Severity] = field(default_factory=list)  # the bands that held at the last judgement: for `release`
    began: Place | None = None  # the fact at which the condition began
    part: str = ""
    acknowledged: str = ""  # by whom
    kept: str = ""  # what was seen of the last event (core/kept.py), while a timer may have to tell it
    alert_id: str = ""
    opened_at: int = 0
    way: list[Step] = field(default_factory=list)  # of the open alert, oldest first
    recipients: list[str] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)  # told so far; LIGHT must be put out
    dims: dict[str, str] = field(default_factory=dict)
    value: Decimal | None = None  # what was told last: an event that clears it says nothing about it
    value_text: str = ""
    unit: str = ""
    owner: str = ""


def key_of(rule_id: str, subject: str, part: str = "") -> str:
    """Under what the episode of a rule about one part of a subject stands, and the clock that may ring it."""
    return f"{rule_id}|{subject}|{part}" if part else f"{rule_id}|{subject}"


@dataclass
class Fault:
    """What is held against one rule. `of`: digest of the rule that erred; another rule of that id starts anew."""

    of: str
    errors: int = 0  # each judgement without one takes one back
    spent: int = 0  # of the iteration budget: nothing takes these back
    held: int = 0  # since when it judges nothing, ms; 0 = it judges


@dataclass
class Remembered:
    """The cells of `seen` for one (rule, subject, part). `of`: digest of the columns they were made by."""

    of: str
    at: int  # of the last event, ms
    cells: dict[str, Cell] = field(default_factory=dict)
