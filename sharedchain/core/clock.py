"""Clock rules: the time since an event, or towards and past a due time. Their timers are state, fired by ticks alone.

A start event sets the clock of its subject anew, a stop event forgets it; both end an open alert that is not
one-shot. A start that came late, from before the clock that runs, changes nothing. Backfill stops and never starts:
imported history is settled.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sharedchain.core import forecast, judge, notice
from sharedchain.core.desk import Desk
from sharedchain.core.episodes import key_of
from sharedchain.core.kept import recall
from sharedchain.core.on import Stop
from sharedchain.core.paths import text_at
from sharedchain.core.prepared import Conditions
from sharedchain.core.reach import reaches
from sharedchain.core.rule import OnClock, OnMeasure
from sharedchain.core.ruleset import Ready
from sharedchain.core.state import NEVER, ScopeState
from sharedchain.core.timers import Watch
from sharedchain.core.view import View, consider, subject_of, variables_of, views
from sharedchain.core.watch import case_of, instant, saved, set_at, upcoming
from sharedchain.fact import Fact

_SPARE = 64  # alarms that nobody waits for any more may stand among so many and as many as are waited for


def on_events(desk: Desk, fact: Fact) -> None:
    """Clocks look at the fact, then at what the forecast view derived from it."""
    derived = forecast.viewed(desk.out.said)
    on_fact(desk, fact)
    for event in derived:
        on_fact(replace(desk, out=desk.out.behind(event)), judge.as_fact(event, fact))


def on_fact(desk: Desk, fact: Fact) -> None:
    """Stop the clocks that this fact stops, then start those that it starts."""
    stops, starts = desk.enabled.by_stop.get(fact.type, ()), desk.enabled.by_start.get(fact.type, ())
    if not stops and not starts:
        return
    variables = variables_of(fact, desk.settings.timezone)
    for one, stop, conditions in stops:
        notice.guarded(desk, one.rule, _stop, desk, one, stop, conditions, variables, fact)
    for one in starts:
        notice.guarded(desk, one.rule, _start, desk, one, variables, fact)


def expire(desk: Desk, now: int) -> None:
    """Judge every clock whose next band is reached at `now`, in the order in which they were."""
    alarms = desk.scope.alarms
    while alarms and alarms[0][0] <= now:
        at, key = heapq.heappop(alarms)
        watch = desk.scope.clocks.get(key)
        if watch is not None and watch.next == at:
            _ring(desk, key, watch)
    _tidy(desk.scope)


def settle(desk: Desk) -> None:
    """The config changed: bands, zones and calendars may be others now. What was told already is not told again."""
    for key, watch in desk.scope.clocks.items():
        ready = desk.enabled.by_id.get(watch.rule)
        if ready is not None and ready.rule.no_data:
            continue  # it waits for a value, not for a band
        if ready is None or not isinstance(ready.rule.on, OnClock):
            watch.next = NEVER  # the rule is off: should it come back, the clock has gone on
            if key not in desk.scope.episodes and watch.shot not in desk.scope.shots:
                watch.told = None  # its alert ended with the rule: what still holds then is told again
            continue
        episode = desk.scope.episodes.get(key)
        told = next((b for b in ready.rule.bands if episode and b.severity == episode.severity), None)
        told = told or next((b for b in ready.rule.bands if b.severity == watch.told), None)
        set_at(desk.scope, key, watch, upcoming(desk, ready.rule, watch, told))


def due(scope: ScopeState) -> int:
    """When the next clock has something to say."""
    return scope.alarms[0][0] if scope.alarms else NEVER


def _start(desk: Desk, one: Ready, variables: Mapping[str, Any], fact: Fact) -> bool:
    """Whether the rule looked at the event."""
    looked = False
    for view in views(desk, one, fact, variables):
        if not reaches(one.rule, view.variables, view.subject):
            continue
        found = judge.verdict(desk, one, view.variables, view.error)
        if found is not None:
            looked = True
            holds, conditions = found
            _begin(desk, one, view, fact, holds, conditions)
    return looked


def _begin(desk: Desk, one: Ready, view: View, fact: Fact, holds: bool, conditions: list[dict[str, Any]]) -> None:
    """Set the clock of the view's subject; a condition that does not hold, or a time that is not there, stops it."""
    rule, scope, zone = one.rule, desk.scope, desk.settings.timezone
    assert isinstance(rule.on, OnClock)
    clock, key = rule.on.clock, key_of(rule.id, view.subject, view.part)
    since = instant(view.variables, clock.from_, fact.recorded, zone)
    due_at = instant(view.variables, clock.due, fact.recorded, zone) if clock.due else None
    before = scope.clocks.get(key)
    if before is not None and since is not None and since < before.since:
        return
    _halt(desk, one, key, fact, conditions)
    if since is None or (clock.due and due_at is None) or not holds or fact.backfill:
        return
    watch = Watch(rule.id, view.subject, view.part, since, due_at, NEVER, saved(view.variables, conditions))
    watch.sources, watch.owner = list(view.sources), text_at(view.variables, rule.subject_owner)
    scope.clocks[key] = watch
    if len(rule.subject) > 1:
        watch.head = _head(rule.id, text_at(view.variables, rule.subject[0]))
        scope.heads.setdefault(watch.head, {})[key] = None
    set_at(scope, key, watch, upcoming(desk, rule, watch, None))


def _stop(desk: Desk, one: Ready, stop: Stop, conditions: Conditions, variables: Mapping[str, Any], fact: Fact) -> bool:
    """Whether the fact could be judged."""
    keys = _stopped(desk, one, stop, variables, fact)
    if not keys:
        return False
    verdict = consider(conditions, variables)
    if verdict.error:
        notice.erred(desk, one.rule, verdict.error)
    for key in keys if verdict.holds and not verdict.error else ():
        _halt(desk, one, key, fact, verdict.conditions)
    return not verdict.error


def _stopped(desk: Desk, one: Ready, stop: Stop, variables: Mapping[str, Any], fact: Fact) -> list[str]:
    """Keys of the clocks and alerts that are meant; those of all subjects that begin with a shorter one."""
    scope, rule = desk.scope, one.rule
    if 0 < len(stop.subject) < len(rule.subject):
        wanted = [text_at(variables, path) for path in stop.subject]
        paths = rule.subject[: len(wanted)]

        def begins(key: str) -> bool:
            started = recall(scope.clocks[key].kept)["variables"]
            return [text_at(started, path) for path in paths] == wanted

        return [key for key in scope.heads.get(_head(rule.id, wanted[0]), ()) if begins(key)]
    subject = subject_of(variables, stop.subject or rule.subject, fact)
    key = key_of(rule.id, subject, text_at(variables, stop.part or ("" if stop.subject else rule.part)))
    return [key] if key in scope.clocks or key in scope.episodes else []


def _head(rule_id: str, first: str) -> str:
    return f"{rule_id}|{first}"


def _halt(desk: Desk, one: Ready, key: str, fact: Fact, conditions: list[dict[str, Any]]) -> None:
    """Forget the clock, and end its alert; a one-shot alert stays until it is acknowledged."""
    watch = desk.scope.clocks.pop(key, None)
    if watch is not None and watch.head:
        fellows = desk.scope.heads[watch.head]
        del fellows[key]
        if not fellows:
            del desk.scope.heads[watch.head]
    episode = desk.scope.episodes.get(key)
    if episode is not None and not one.rule.one_shot:
        judge.finish(desk, one, key, episode, fact, conditions)


def _ring(desk: Desk, key: str, watch: Watch) -> None:
    ready = desk.enabled.by_id.get(watch.rule)
    watch.next = NEVER
    if ready is not None and isinstance(ready.rule.on, OnMeasure):
        notice.guarded(desk, ready.rule, _judge_missing, desk, ready, ready.rule.on.measure, watch)
    if ready is None or not isinstance(ready.rule.on, OnClock):
        return
    notice.guarded(desk, ready.rule, _judge, desk, ready, watch)
    band = next((b for b in ready.rule.bands if b.severity == watch.told), None)
    later = max(upcoming(desk, ready.rule, watch, band), desk.now + 1)  # a held rule looks again
    set_at(desk.scope, key, watch, later)


def _judge_missing(desk: Desk, ready: Ready, measure: str, watch: Watch) -> bool:
    """The measure has had no value for as long as the rule waits."""
    dims = recall(watch.kept)["dims"]
    sample = desk.sample(measure, dims)
    case = judge.measured(desk, ready, watch.subject, measure, dims, sample) if sample else None
    if case is None:
        return False
    said = {"op": "no_data", "since": watch.since, "truth": True}
    told = replace(case, conditions=[*case.conditions, said])
    if ready.rule.one_shot:
        judge.once(desk, told)
    else:
        judge.weigh(desk, told)
    return True


def _judge(desk: Desk, ready: Ready, watch: Watch) -> bool:
    case = case_of(desk, ready, watch)
    if case.band is None:
        return True
    watch.told = case.band.severity
    if ready.rule.one_shot:
        watch.shot = judge.once(desk, case, watch.shot)
    else:
        judge.weigh(desk, case)
    return True


def _tidy(scope: ScopeState) -> None:
    """Clocks that were set again leave their old alarms behind: too many of them are thrown away."""
    if len(scope.alarms) > 2 * len(scope.clocks) + _SPARE:
        scope.alarms = sorted((watch.next, key) for key, watch in scope.clocks.items() if watch.next < NEVER)
