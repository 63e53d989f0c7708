"""The back-test itself: facts in, alerts out. Pure but for the facts' own source; memory does not grow with the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from deploy.backtest.alarms import Alarm, Alarms
from deploy.backtest.overlay import Candidate, Overlay
from sharedchain.core import fold
from sharedchain.core.ruleset import ruleset
from sharedchain.core.state import NEVER
from sharedchain.fact import INGEST, Derived, Fact
from sharedchain.scope import EVERY_WALL_SCOPE

END = NEVER  # of a window without an end
_SECOND = 1000  # a chain ticks once a second: no tick is made more often


@dataclass(frozen=True, slots=True)
class Seen:
    """What one fact caused under one candidate; `ended` are the alerts that it closed."""

    candidate: int  # its place in the list
    derived: Sequence[Derived]
    ended: Sequence[Alarm]


class Bench:
    """One candidate over the facts of all spine partitions. `clock`: make the ticks that the source lacks."""

    def __init__(self, candidate: Candidate, *, clock: bool = False) -> None:
        self.alarms = Alarms()
        self._candidate, self._clock = candidate, clock
        self._lanes: dict[int, _Lane] = {}

    def take(self, fact: Fact) -> list[Derived]:
        """What this fact, and the time that passed before it, would have caused."""
        lane = self._lanes.get(fact.partition)
        if lane is None:
            lane = self._lanes[fact.partition] = _Lane(self._candidate, self._clock)
        return lane.take(fact)

    def until(self, end: int) -> list[Derived]:
        """What time alone brings up to `end`: for a source without ticks."""
        return [said for number in sorted(self._lanes) for said in self._lanes[number].until(end)]

    def broken(self) -> dict[str, str]:
        """Items that do not load, and why."""
        return {key: why for lane in self._lanes.values() for key, why in ruleset(lane.state).broken.items()}


class _Lane:
    """One spine partition under one candidate."""

    def __init__(self, candidate: Candidate, clock: bool) -> None:
        self.state = fold.new_state()
        self._overlay, self._clock = Overlay(candidate), clock
        self._last: Fact | None = None

    def take(self, fact: Fact) -> list[Derived]:
        said = self.until(fact.recorded, fact) if self._clock else []
        self.state, more = fold.step(self.state, self._overlay.of(fact))
        self._last = fact
        return [*said, *more] if said else more

    def until(self, end: int, before: Fact | None = None) -> list[Derived]:
        """Ticks where something is due, and nowhere else: a tick at which nothing is due changes nothing."""
        said: list[Derived] = []
        place = before or self._last
        if place is None:
            return said
        at = 0
        while (due := self._due()) is not None and max(due[0], at) <= end:
            at = max(due[0], at, self._last.recorded if self._last else 0)
            if at > end:
                break
            self.state, more = fold.step(self.state, [_tick(place, due[1], at)])
            said += more
            at += _SECOND
        return said

    def _due(self) -> tuple[int, str] | None:
        """When the next timer is due, and whose tick fires it."""
        dues = [
            (scope.wake, EVERY_WALL_SCOPE if scope.mode == "wall" else name)
            for name, scope in self.state.scopes.items()
        ]
        return min(dues, default=None)


def _tick(place: Fact, scope: str, at: int) -> Fact:
    return replace(
        place, kind="tick", type="clock.ticked", scope=scope, tenant=scope, source=INGEST, id=f"tick/{scope}/{at}",
        subject=scope, recorded=at, time=at, data={"at": at, "n": 0}, backfill=False, actor="", correlation="",
        causation="",
    )  # fmt: skip


def folded(
    facts: Iterable[Fact], candidates: Sequence[Candidate], *, clock: bool = False, until: int = END
) -> Iterator[Seen]:
    """Fold the facts once under each candidate, side by side, up to the moment `until`.

    Facts of one partition come in the order of the log. The last things told are the alerts that are still open.
    """
    benches = [Bench(candidate, clock=clock) for candidate in candidates]
    last = 0
    for fact in facts:
        if fact.recorded >= until:
            continue  # another partition may still have earlier ones
        last = max(last, fact.recorded)
        for number, bench in enumerate(benches):
            if said := bench.take(fact):
                yield Seen(number, said, tuple(bench.alarms.take(said)))
    for number, bench in enumerate(benches):
        if clock:
            said = bench.until(last if until == END else until - 1)
            yield Seen(number, said, tuple(bench.alarms.take(said)))
        yield Seen(number, (), tuple(bench.alarms.standing()))


def backtest(
    facts: Iterable[Fact], candidate: Candidate, *, since: int = 0, until: int = END, clock: bool = False
) -> Iterator[Alarm]:
    """The alerts of `candidate` that rang at any time from `since` to before `until`, in the order in which they ended;
    those that still ring come last."""
    for seen in folded(facts, [candidate], clock=clock, until=until):
        yield from (alarm for alarm in seen.ended if alarm.within(since, until))
