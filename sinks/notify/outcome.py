"""How one attempt to tell somebody ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver said that it has it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: the same message may succeed later. `why` holds no secret and no address."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: trying again would not help. `why` as in Retry."""

    why: str


Outcome = Sent | Retry | Refused
