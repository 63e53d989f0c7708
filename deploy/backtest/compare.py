"""Two lots of alerts side by side: added, removed, earlier, later, other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from deploy.backtest.alarms import Alarm

Kind = Literal["added", "removed", "earlier", "later", "other"]
KINDS: tuple[Kind, ...] = ("added", "removed", "earlier", "later", "other")
Key = tuple[str, str, str]  # scope, rule, subject


@dataclass(frozen=True, slots=True)
class Change:
    """One alert that is not on both sides alike. `other`: it begins alike, but its severity, people or end differ."""

    kind: Kind
    old: Alarm | None
    new: Alarm | None

    @property
    def alarm(self) -> Alarm:
        """Whose it is: as it would be, or as it was if it is gone."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def by(self) -> int:
        """How much later it begins, ms; below zero: earlier."""
        return self.new.opened - self.old.opened if self.new and self.old else 0


def compare(old: Iterable[Alarm], new: Iterable[Alarm], *, blur: int = 0) -> list[Change]:
    """What differs, oldest first. `blur`: ms by which two beginnings or ends may differ and still be alike.

    An alert is the same on both sides if its cause is the same (then its id is), else if both ring about the same
    subject at the same time.
    """
    befores, afters = _by_key(old), _by_key(new)
    found = [
        change
        for key in sorted({*befores, *afters})
        for pair in _paired(befores.get(key, []), afters.get(key, []))
        if (change := _change(*pair, blur))
    ]
    return sorted(found, key=lambda change: (change.alarm.opened, change.alarm.scope, change.alarm.rule))


def _by_key(alarms: Iterable[Alarm]) -> dict[Key, list[Alarm]]:
    found: dict[Key, list[Alarm]] = {}
    for alarm in sorted(alarms, key=lambda one: (one.opened, one.id)):
        found.setdefault((alarm.scope, alarm.rule, alarm.subject), []).append(alarm)
    return found


def _paired(old: list[Alarm], new: list[Alarm]) -> Iterator[tuple[Alarm | None, Alarm | None]]:
    """Same id first; of the rest, in order of time, those that overlap."""
    alike = {alarm.id: alarm for alarm in new}
    same = [(alarm, alike[alarm.id]) for alarm in old if alarm.id in alike]
    yield from same
    taken = {alarm.id for alarm, _ in same}
    left, right = ([alarm for alarm in side if alarm.id not in taken] for side in (old, new))
    while left and right:
        if _overlap(left[0], right[0]):
            yield left.pop(0), right.pop(0)
        elif left[0].opened <= right[0].opened:
            yield left.pop(0), None
        else:
            yield None, right.pop(0)
    yield from ((alarm, None) for alarm in left)
    yield from ((None, alarm) for alarm in right)


def _overlap(one: Alarm, other: Alarm) -> bool:
    first, second = sorted((one, other), key=lambda alarm: alarm.opened)
    return first.ended is None or second.opened <= first.ended


def _change(old: Alarm | None, new: Alarm | None, blur: int) -> Change | None:
    if old is None or new is None:
        return Change("added" if old is None else "removed", old, new)
    if abs(new.opened - old.opened) > blur:
        return Change("earlier" if new.opened < old.opened else "later", old, new)
    alike = (old.severity, old.told) == (new.severity, new.told) and _ends_alike(old.ended, new.ended, blur)
    return None if alike else Change("other", old, new)


def _ends_alike(old: int | None, new: int | None, blur: int) -> bool:
    return old == new if old is None or new is None else abs(new - old) <= blur
