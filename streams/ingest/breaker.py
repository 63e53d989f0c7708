"""When a topic partition is poisoned: stop it rather than drain it into the dead letters."""

from __future__ import annotations

from collections import Counter, deque

from sharedchain.errors import Reason

WINDOW = 1000
LIMIT = WINDOW // 5
SOURCES = 2
UNDECODABLE: frozenset[Reason] = frozenset(
    {"bad_frame", "unknown_schema", "undeclared_type", "unsafe_schema", "unreadable", "trailing", "bad_header"}
)


class Breaker:
    """The last 1,000 records of one topic partition; `stopped` once more than a fifth of them were
    undecodable and came from two sources at least."""

    def __init__(self) -> None:
        self._last: deque[str | None] = deque(maxlen=WINDOW)
        self._bad: Counter[str] = Counter()
        self.stopped = False

    def copy(self) -> Breaker:
        """For a turn that may not come to pass."""
        twin = Breaker()
        twin._last, twin._bad, twin.stopped = self._last.copy(), self._bad.copy(), self.stopped
        return twin

    def observe(self, source: str, reason: Reason | None) -> None:
        """Take one decided record."""
        if len(self._last) == WINDOW and (gone := self._last[0]) is not None:
            self._bad[gone] -= 1
            if not self._bad[gone]:
                del self._bad[gone]
        bad = source if reason in UNDECODABLE else None
        self._last.append(bad)
        if bad is not None:
            self._bad[bad] += 1
        if len(self._last) == WINDOW and self._bad.total() > LIMIT and len(self._bad) >= SOURCES:
            self.stopped = True
