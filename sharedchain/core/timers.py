"""What a clock rule and an action remember: parts of the state (core/state.py), plain and dumpable."""

from __future__ import annotations

from dataclasses import dataclass, field

from sharedchain.core.wording import Severity


@dataclass
class Watch:
    """A running clock of (rule, subject, part). Times in ms; `due` None = it counts from `since`."""

    rule: str
    subject: str
    part: str
    since: int
    due: int | None
    next: int  # when its next band is reached; NEVER = none is left
    kept: str  # what was seen of the event that started it (core/kept.py)
    told: Severity | None = None  # the highest band that was judged
    shot: str = ""  # the one-shot alert that it raised
    sources: list[tuple[int, int]] = field(default_factory=list)
    owner: str = ""
    head: str = ""  # among whose `heads` it stands


@dataclass
class Acted:
    """How often a rule acted on a local day."""

    day: str
    count: int = 0
