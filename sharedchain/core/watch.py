"""One running clock of a rule: what it reads at a moment, when its bands are reached, and what an alert says of it."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import date
from typing import Any

from sharedchain.core import wire
from sharedchain.core.alerts import Case
from sharedchain.core.calendar import Days
from sharedchain.core.desk import Desk
from sharedchain.core.episodes import key_of
from sharedchain.core.kept import keep, recall
from sharedchain.core.localtime import midnight
from sharedchain.core.moments import Dial, checkpoint
from sharedchain.core.paths import walk
from sharedchain.core.rule import Band, OnClock, Rule
from sharedchain.core.ruleset import Ready
from sharedchain.core.state import NEVER, Sample, ScopeState
from sharedchain.core.timers import Watch
from sharedchain.core.wording import rank


def instant(variables: Mapping[str, Any], path: str, recorded: int, zone: str) -> int | None:
    """The moment at a path: a time, or the first instant of a local day. None: nothing that can be read so."""
    said = recorded if path == "recorded" else walk(variables, path)
    if isinstance(said, str):
        try:
            said = date.fromisoformat(said)
        except ValueError:
            return None
    if isinstance(said, date):
        return midnight(said, zone)
    exact = wire.number(said)
    return None if exact is None else int(exact)


def saved(variables: Mapping[str, Any], conditions: list[dict[str, Any]]) -> str:
    """What a watch keeps of the event that started it."""
    return keep({"variables": variables, "conditions": conditions})


def dial(desk: Desk, rule: Rule, watch: Watch) -> Dial:
    assert isinstance(rule.on, OnClock)
    days: Days = desk.rules.days(desk.settings.calendar)
    return Dial(watch.since, watch.due, rule.unit, rule.on.clock.days, desk.settings.timezone, days)


def moment(desk: Desk, rule: Rule, watch: Watch, band: Band) -> int:
    """When the first tick may find the band reached."""
    at = dial(desk, rule, watch).moment(band)
    return checkpoint(at, rule.checkpoints, desk.settings.timezone) if rule.checkpoints else at


def upcoming(desk: Desk, rule: Rule, watch: Watch, told: Band | None) -> int:
    """When the next band above `told` is reached; NEVER if there is none."""
    above = (band for band in rule.bands if told is None or rank(band.severity) > rank(told.severity))
    return min((moment(desk, rule, watch, band) for band in above), default=NEVER)


def case_of(desk: Desk, ready: Ready, watch: Watch) -> Case:
    """The case as it stands now."""
    rule, reads = ready.rule, dial(desk, ready.rule, watch)
    held = sorted((b for b in rule.bands if moment(desk, rule, watch, b) <= desk.now), key=lambda b: rank(b.severity))
    value, kept = wire.rate(reads.value(desk.now)), recall(watch.kept)
    shown = {"op": "clock", "since": watch.since, "due": watch.due, "value": value, "unit": rule.unit}
    return Case(
        ready=ready,
        subject=watch.subject,
        part=watch.part,
        value=value,
        value_text="",
        unit="ratio" if rule.unit == "share" else rule.unit,
        owner=watch.owner,
        band=held[-1] if held else None,
        held=tuple(band.severity for band in held),
        conditions=[*kept["conditions"], {**shown, "truth": bool(held)}],
        sources=list(watch.sources),
        context=kept["variables"],
    )


def told_by_value(desk: Desk, rule: Rule, subject: str, dims: Mapping[str, str], sample: Sample) -> bool:
    """Whether the row of a gauge is to be judged now. One without a value is not, unless `no_data` says what it means;
    after its time a timer judges what stands then."""
    key, said = f"no data|{key_of(rule.id, subject)}", rule.no_data
    if sample.value is not None:
        desk.scope.clocks.pop(key, None)
        return True
    if said is None or said.then == "keep":
        return False
    if said.after and key not in desk.scope.clocks:
        waiting = Watch(rule.id, subject, "", desk.now, None, NEVER, keep({"dims": dims}))
        desk.scope.clocks[key] = waiting
        set_at(desk.scope, key, waiting, desk.now + said.after)
    return not said.after


def set_at(scope: ScopeState, key: str, watch: Watch, at: int) -> None:
    """Let the clock ring at `at`."""
    watch.next = at
    if at < NEVER:
        heapq.heappush(scope.alarms, (at, key))
        scope.wake = min(scope.wake, at)


def again(desk: Desk, ready: Ready, subject: str, part: str) -> Case | None:
    """The case of a clock that still runs, for another timer of its alert."""
    watch = desk.scope.clocks.get(key_of(ready.rule.id, subject, part))
    return case_of(desk, ready, watch) if watch is not None else None
