"""The back-test itself: facts in, alerts out. Pure but for the facts' own source; memory does not grow with the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
            lane = self._lanes[fact.partition] = _Lane(self._candidate, fact)
        said = lane.wait(fact.scope, fact.recorded) if self._clock else []
        return [*said, *lane.take(fact)]

    def rest(self, end: Callable[[str], int]) -> Iterator[Derived]:
        """What time alone brings to each scope up to its `end`: for a source without ticks."""
        for number in sorted(self._lanes):
            lane = self._lanes[number]
            for scope in sorted(lane.state.scopes):
                yield from lane.wait(scope, end(scope))

    def states(self) -> Iterator[fold.State]:
        """What is known on each partition."""
        yield from (lane.state for lane in self._lanes.values())

    def broken(self) -> dict[str, str]:
        """Items that do not load, and why."""
        return {key: why for lane in self._lanes.values() for key, why in ruleset(lane.state).broken.items()}


class _Lane:
    """One spine partition under one candidate."""

    def __init__(self, candidate: Candidate, first: Fact) -> None:
        self.state = fold.new_state()
        self._overlay = Overlay(candidate)
        self._place = first  # what made ticks copy their partition from
        self._times: dict[str, int] = {}  # the last time of each clock: a driven scope, or all wall scopes

    def take(self, fact: Fact) -> list[Derived]:
        self.state, said = fold.step(self.state, self._overlay.of(fact))
        if fact.kind == "tick":
            self._times[fact.scope] = fact.recorded
        return said

    def wait(self, scope: str, until: int) -> list[Derived]:
        """Ticks of the clock of `scope` where something is due, and nowhere else: any other changes nothing."""
        clock = self._clock_of(scope)
        at, said = self._times.get(clock, 0), list[Derived]()
        while (due := self._due(clock)) <= until and (at := max(due, at)) <= until:
            self.state, more = fold.step(self.state, [_tick(self._place, clock, at)])
            said += more
            at += _SECOND
        self._times[clock] = max(at, until)
        return said

    def _clock_of(self, scope: str) -> str:
        """Rules are compiled for a scope that was configured and has no fact yet, not for each item of a config."""
        if known := self.state.scopes.get(scope):
            wall = known.mode == "wall"
        else:
            configured = f"tenant/{scope}" in self.state.config
            wall = not configured or ruleset(self.state).settings(scope).mode == "wall"
        return EVERY_WALL_SCOPE if wall else scope

    def _due(self, clock: str) -> int:
        scopes = self.state.scopes
        if clock:
            return scopes[clock].wake if clock in scopes else NEVER
        return min((scope.wake for scope in scopes.values() if scope.mode == "wall"), default=NEVER)


def _tick(place: Fact, scope: str, at: int) -> Fact:
    return replace(
        place, kind="tick", type="clock.ticked", scope=scope, tenant=scope, source=INGEST, id=f"tick/{scope}/{at}",
        subject=scope, recorded=at, time=at, data={"at": at, "n": 0}, backfill=False, actor="", correlation="",
        causation="",
    )  # fmt: skip


def folded(
    facts: Iterable[Fact],
    candidates: Sequence[Candidate],
    *,
    clock: bool = False,
    until: int = END,
    end: Callable[[str], int] | None = None,
) -> Iterator[Seen]:
    """Fold the facts once under each candidate, side by side, up to the moment `until`.

    Facts of one partition come in the order of the log. `clock`: they lack ticks; time then goes on to `until`, in each
    scope no further than its `end` if that is said, else no further than the last fact if `until` has no end.
    The last things told are the alerts that are still open.
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
    most = (NEVER if end else last) if until == END else until - 1
    for number, bench in enumerate(benches):
        if clock:
            said = list(bench.rest(lambda scope: min(most, end(scope)) if end else most))
            yield Seen(number, said, tuple(bench.alarms.take(said)))
        yield Seen(number, (), tuple(bench.alarms.standing()))


def backtest(
    facts: Iterable[Fact], candidate: Candidate, *, since: int = 0, until: int = END, clock: bool = False
) -> Iterator[Alarm]:
    """The alerts of `candidate` that rang at any time from `since` to before `until`, in the order in which they ended;
    those that still ring come last."""
    for seen in folded(facts, [candidate], clock=clock, until=until):
        yield from (alarm for alarm in seen.ended if alarm.within(since, until))
