"""The core: a fold of one spine partition's facts. No clock, no I/O, no Kafka."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sharedchain.core import (
    aggregates,
    citations,
    clock,
    deriving,
    directory,
    entities,
    flows,
    forecast,
    gauges,
    judge,
    masters,
    notice,
    pace,
    response,
    rowvalues,
    tables,
    tabulate,
    versions,
    view,
    windows,
)
from sharedchain.core.desk import Desk
from sharedchain.core.emit import Emitter
from sharedchain.core.localtime import MINUTE, local_day, midnight, minute_of, next_midnight
from sharedchain.core.moments import opens
from sharedchain.core.ruleset import STALE_MEASURE, Ready, Ruleset, config_hash, ruleset
from sharedchain.core.state import NEVER, Item, ScopeState, State, dump, load, new_state
from sharedchain.fact import Derived, Fact
from sharedchain.scope import EVERY_WALL_SCOPE

__all__ = ["CORE_VERSION", "State", "dump", "load", "new_state", "step"]


def _version() -> str:
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


CORE_VERSION = _version()  # of the core's source files: a snapshot of another version is not read


def step(state: State, facts: Iterable[Fact]) -> tuple[State, list[Derived]]:
    """Fold facts of one partition, in order of `seq`, each once; say what they cause.

    The state is handed over: the caller goes on with the returned one and forgets the given one. One by one or
    all in one list, in this process or after `load(dump(state))` in another: the same facts give the same result.
    """
    said: list[Derived] = []
    for fact in facts:
        out = Emitter(fact)
        match fact.kind:
            case "fact" | "refusal":
                _take(state, fact, out)
            case "tick":
                _tick(state, fact, out)
            case "config":
                _configure(state, fact, out)
            case "parked":
                _scope(state, fact, ruleset(state))
        said.extend(out.said)
    return state, said


def _take(state: State, fact: Fact, out: Emitter) -> None:
    rules = ruleset(state)
    scope = _scope(state, fact, rules)
    settings = rules.settings(fact.scope)
    enabled = rules.enabled(settings.packs, versions.back(scope))
    _adopt(state, scope, rules)
    scope.recorded = fact.recorded
    flowing = rules.flows.get(fact.type) or rules.flows.get("*", ())
    windowed = flows.count(scope, fact, flowing, rules.windowed)
    desk = Desk(fact.scope, scope, settings, rules, enabled, fact.recorded, out, fact.backfill)
    about = entities.about(fact) if fact.kind == "fact" else None
    before = aggregates.standing(scope, rules.over, about) if about else {}
    if fact.kind == "fact":
        entities.fold(scope, fact, settings)
        match fact.type:
            case "master.employee.upserted":
                directory.upsert(scope, fact)
            case "master.equipment.upserted" | "master.store.upserted":
                masters.upsert(scope, fact)
            case "target.set":
                forecast.set_target(scope, fact, settings)
            case "forecast.published":
                if forecast.accept(scope, fact.scope, fact, settings, enabled.stale_days, out):
                    _refreshed(desk, fact.data["forecast_id"])
            case moved if moved in citations.MOVES:
                citations.follow(scope, fact.scope, fact, out)
    if about and aggregates.move(
        scope, rules.over, before, aggregates.standing(scope, rules.over, about), (fact.partition, fact.seq)
    ):
        scope.touched, scope.only_backfill = fact.recorded, scope.only_backfill and fact.backfill
    if tabulate.take(desk, fact) or windowed:
        scope.touched, scope.only_backfill = fact.recorded, scope.only_backfill and fact.backfill
    judge.on_events(desk, fact)
    clock.on_events(desk, fact)
    if fact.type == response.ACKNOWLEDGED:
        response.on_fact(desk, fact)
    if deriving.on_fact(desk, fact):
        scope.touched, scope.only_backfill = fact.recorded, scope.only_backfill and fact.backfill
    if scope.canaries:
        _weigh(desk, fact)
    scope.wake = min(scope.wake, minute_of(fact.recorded) + MINUTE)
    state.wake = min(state.wake, scope.wake)


def _refreshed(desk: Desk, forecast_id: str) -> None:
    """A new version ends the reminders about the old one at once, not at the next midnight."""
    measure = next((m for m in desk.rules.measures if m.id == STALE_MEASURE), None)
    looking = desk.enabled.by_measure.get((STALE_MEASURE, ("forecast",)), ())
    if measure is None or not looking:
        return
    day = local_day(desk.now, desk.scope.timezone)
    change = gauges.age_of(desk.scope, forecast_id, day, minute_of(desk.now), measure)
    judge.on_change(desk, looking, change, only_open=True)


def _tick(state: State, fact: Fact, out: Emitter) -> None:
    if fact.scope != EVERY_WALL_SCOPE:
        scope = _scope(state, fact, ruleset(state))
        if scope.mode == "driven":
            _pass(state, fact.scope, scope, fact, out)
        return
    if fact.recorded < state.wake:
        return  # nothing is due on this partition
    state.wake = NEVER
    for name in sorted(state.scopes):
        scope = state.scopes[name]
        if scope.mode == "wall":
            _pass(state, name, scope, fact, out)
            state.wake = min(state.wake, scope.wake)


def _pass(state: State, name: str, scope: ScopeState, fact: Fact, out: Emitter) -> None:
    """Time goes on in one scope: midnight sweeps, then the close of the minute before, then timers."""
    now, rules = fact.recorded, ruleset(state)
    if now >= scope.wake:
        _adopt(state, scope, rules)
    scope.recorded = now
    if now < scope.wake:
        return
    settings = rules.settings(name)
    desk = Desk(name, scope, settings, rules, rules.enabled(settings.packs, versions.back(scope)), now, out)
    measures = {measure.id: measure for measure in rules.measures}
    if scope.config_hash != state.config_hash:
        notice.settle(desk)
        clock.settle(desk)
        scope.config_hash = state.config_hash
    while scope.next_midnight <= now:
        _leave(desk, scope.next_midnight)
        _sweep(desk)
        flows.forget(scope, now, measures)
    flows.close(scope, name, now, measures, settings.currency, out)
    touched = minute_of(scope.touched)
    if _dirty(scope) and touched + MINUTE <= now:
        _leave(desk, touched)
        scope.dirty_windows.update(windows.leave(scope, rules.windowed, touched))
        _close(desk)
    _leave(desk, minute_of(now))
    judge.expire(desk, now)
    clock.expire(desk, now)
    if deriving.follow(desk, fact):
        scope.touched, scope.only_backfill = now, False
    scope.wake = _wake(scope)
    if scope.canaries:
        _weigh(desk, fact)


def _weigh(desk: Desk, fact: Fact) -> None:
    """Take canaries back that err or ring too much; rules look at it as at any event."""
    said = len(desk.out.said)
    versions.weigh(desk)
    judge.on_derived(desk, desk.out.said[said:], fact)


def _sweep(desk: Desk) -> None:
    """One local midnight: daily gauges and the rules on them. A missed midnight is swept on its own."""
    scope, at = desk.scope, desk.scope.next_midnight
    day = local_day(at, scope.timezone)
    if _moved(scope) and minute_of(scope.touched) < at:
        _close_entities(desk)
    for measure in desk.rules.measures:
        if not (measure.reducer and measure.sample == "daily"):
            continue
        if measure.reducer == pace.BEHIND:
            _judge(desk, pace.sample(scope, desk.name, measure, day, at, desk.out))
            continue
        looking = _looking(desk, measure.id, ("forecast",))
        for change in gauges.sample_ages(scope, desk.name, day, at, measure, desk.out):
            if not scope.forecasts[change.dims["forecast"]].settled:
                judge.on_change(desk, looking, change)
    for id_ in entities.fall_due(scope, day):
        about = ("receivable", id_)
        before = aggregates.standing(scope, desk.rules.over, about)
        entities.mark_late(scope, id_, day)
        after = aggregates.standing(scope, desk.rules.over, about)
        aggregates.move(scope, desk.rules.over, before, after, scope.receivables[id_].source)
    tabulate.forget(desk, at)
    tabulate.age(desk, at)
    windows.forget(scope, day)
    _sample(desk, desk, at, daily=True)
    _checkpoint(desk, day)
    view.forget(scope, at)
    scope.next_midnight = midnight(day + timedelta(days=1), scope.timezone)


def _close(desk: Desk) -> None:
    """The minute of the last change is over: sample the gauges of what changed, and judge the new rows."""
    scope = desk.scope
    silent = replace(desk, silent=scope.only_backfill)
    minute = minute_of(scope.touched)
    for period in sorted(scope.dirty_periods):
        changes = gauges.sample_period(scope, desk.name, period, desk.rules.measures, minute, desk.out)
        if scope.recheck:
            moves = [c for c in changes if c.measure.computed and c.measure.computed.op == "change"]
            changes = [*gauges.standing(scope, period, desk.rules.measures), *moves]
        _judge(silent, changes)
    scope.dirty_periods.clear()
    if scope.recheck:
        asked = {measure for measure, _ in desk.enabled.by_measure}
        _judge(silent, gauges.standing_entities(scope, [m for m in desk.rules.measures if m.id in asked]))
        scope.recheck = False
    _close_entities(desk)


def _close_entities(desk: Desk) -> None:
    """Sample what entities have moved, as of the minute of the last change."""
    scope = desk.scope
    silent = replace(desk, silent=scope.only_backfill)
    _sample(desk, silent, minute_of(scope.touched))
    scope.only_backfill = scope.only_backfill or not _dirty(scope)


def _leave(desk: Desk, before: int) -> None:
    """Windows of minutes move though nothing happens: each minute before that one in which they do, on its own."""
    scope, rules = desk.scope, desk.rules
    while (at := windows.passed(scope, before)) is not None:
        waiting, scope.dirty_windows = scope.dirty_windows, windows.leave(scope, rules.windowed, at)
        changes = gauges.sample_windows(scope, desk.name, rules.measures, at, desk.out)
        scope.dirty_windows = waiting
        _judge(desk, changes)


def _sample(desk: Desk, judging: Desk, at: int, *, daily: bool = False) -> None:
    """Sample what entities, rows and windows have moved, and judge it; a measure that errs is told to its owner."""
    rules, failed = desk.rules, dict[str, str]()
    changes = gauges.sample_entities(
        desk.scope, desk.name, rules.measures, at, desk.out, rowed=rules.rowed, failed=failed, daily=daily
    )
    for id_, error in failed.items():
        notice.failed(desk, f"measure/{id_}", next(m.owner for m in rules.measures if m.id == id_), error)
    _judge(judging, changes)


def _judge(desk: Desk, changes: Iterable[gauges.Change]) -> None:
    for change in changes:
        judge.on_change(desk, _looking(desk, change.measure.id, tuple(change.dims)), change)


def _looking(desk: Desk, measure: str, dims: tuple[str, ...]) -> list[Ready]:
    """The rules that look at every row of a gauge; those with checkpoints wait for theirs."""
    return [one for one in desk.enabled.by_measure.get((measure, dims), ()) if not one.rule.checkpoints]


def _checkpoint(desk: Desk, day: date) -> None:
    """Rules that judge on certain days of the month look at what stands on this one."""
    for (measure, dims), rules in desk.enabled.by_measure.items():
        due = [one for one in rules if one.rule.checkpoints and opens(one.rule.checkpoints, day)]
        for change in gauges.standing_of(desk.scope, desk.rules.measures, measure, dims) if due else ():
            judge.on_change(desk, due, change)


def _dirty(scope: ScopeState) -> bool:
    return bool(scope.dirty_periods or scope.recheck) or _moved(scope)


def _moved(scope: ScopeState) -> bool:
    return bool(scope.dirty_buckets or scope.dirty_rows or scope.dirty_windows)


def _adopt(state: State, scope: ScopeState, rules: Ruleset) -> None:
    """Before time goes on: what other declarations find belongs to the minute of the last fact."""
    if scope.adopted == state.config_hash:
        return
    scope.adopted = state.config_hash
    tables.adopt(scope, rules.tables)
    windows.adopt(scope, rules.windowed)
    if rowvalues.adopt(scope, rules.rowed) | aggregates.rebuild(scope, rules.over):
        scope.touched, scope.only_backfill = max(scope.touched, scope.recorded), False


def _wake(scope: ScopeState) -> int:
    close = minute_of(scope.touched) + MINUTE if _dirty(scope) else NEVER
    held = {rule for rule, fault in scope.faults.items() if fault.held}
    timers = (e.due for e in scope.episodes.values() if e.due is not None and e.rule not in held)
    passing = min(scope.passing, default=NEVER - MINUTE) + MINUTE
    return min(scope.next_midnight, flows.due(scope), close, passing, clock.due(scope), min(timers, default=NEVER))


def _configure(state: State, fact: Fact, out: Emitter) -> None:
    """Take one `config.defined`; a body of `null` withdraws the item. All scopes look again at the next close."""
    key = f"{fact.data['kind']}/{fact.data['name']}"
    old = state.config.get(key)
    if fact.data.get("body") not in (None, "", "null"):
        state.config[key] = Item(fact.data["hash"], fact.data["body"])
    else:
        state.config.pop(key, None)
    versions.keep(state, fact.data["kind"], fact.data["name"], old)
    state.config_hash = config_hash(state.config)
    if not state.scopes:
        return
    rules = ruleset(state)
    for name in sorted(state.scopes):
        scope, zone = state.scopes[name], rules.settings(name).timezone
        if zone != scope.timezone:
            scope.timezone, scope.next_midnight = zone, next_midnight(scope.recorded, zone)
        scope.config_hash = ""  # to be settled, though it become what it was: something may have rung meanwhile
        look_again(scope)
    versions.tell(state, fact, old, rules, out)
    state.wake = 0


def look_again(scope: ScopeState) -> None:
    """Judge every gauge as it stands at the next close of a minute."""
    if scope.periods or scope.targets or scope.buckets or scope.gauges:
        scope.recheck, scope.touched = True, max(scope.touched, scope.recorded)
        for period in [*scope.periods, *(target.period for target in scope.targets.values())]:
            scope.dirty_periods.setdefault(period, [])
        scope.only_backfill = False
    scope.wake = 0


def _scope(state: State, fact: Fact, rules: Ruleset) -> ScopeState:
    """The scope of a fact; its first one fixes the mode."""
    scope = state.scopes.get(fact.scope)
    if scope is None:
        settings = rules.settings(fact.scope)
        zone = settings.timezone
        scope = ScopeState(settings.mode, fact.recorded, zone, next_midnight(fact.recorded, zone))
        state.scopes[fact.scope] = scope
        state.wake = 0
    return scope
