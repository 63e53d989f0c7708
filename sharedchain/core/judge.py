"""Rules over facts and measures: conditions, band, subject; then the episode; then what is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sharedchain.core import episode as automaton
from sharedchain.core import forecast, notice, response, texts, watch, wire
from sharedchain.core.alerts import Case, announce, over
from sharedchain.core.cel import CelError
from sharedchain.core.desk import Desk
from sharedchain.core.episodes import key_of
from sharedchain.core.gauges import Change
from sharedchain.core.kept import keep, recall
from sharedchain.core.paths import text_at, walk
from sharedchain.core.prepared import Conditions
from sharedchain.core.reach import reaches
from sharedchain.core.rule import Clear, OnClock, OnEvent, OnMeasure
from sharedchain.core.ruleset import Ready
from sharedchain.core.state import Episode, Forecast, Sample
from sharedchain.core.view import Verdict, View, computed, consider, rows_of, subject_of, variables_of, views
from sharedchain.core.wording import rank
from sharedchain.fact import Derived, Fact

__all__ = ["Verdict", "consider", "expire", "measured", "on_change", "on_clear", "on_events", "on_fact", "text_at"]


def on_events(desk: Desk, fact: Fact) -> None:
    """Judge one fact, then, in order, what the forecast view derived from it: each clears first, then rings."""
    derived = forecast.viewed(desk.out.said)
    _on_event(desk, fact)
    on_derived(desk, derived, fact)


def on_derived(desk: Desk, derived: Iterable[Derived], fact: Fact) -> None:
    """Judge, in order, what was derived of a fact: its alerts are caused by the derived event."""
    for event in derived:
        _on_event(replace(desk, out=desk.out.behind(event)), as_fact(event, fact))


def on_fact(desk: Desk, ready: Iterable[Ready], fact: Fact) -> None:
    """Judge one fact. Backfill is history: it rings no event rule, but rules remember it."""
    variables = variables_of(fact, desk.settings.timezone)
    for one in ready:
        if not fact.backfill or one.columns:
            notice.guarded(desk, one.rule, _judge_event, desk, one, variables, fact)


def on_clear(desk: Desk, ends: Iterable[tuple[Ready, Clear, Conditions]], fact: Fact) -> None:
    """End the open alerts that this fact clears. Backfill does too: what was over before is over."""
    desk, variables = replace(desk, silent=False), variables_of(fact, desk.settings.timezone)
    for one, clear, conditions in ends:
        notice.guarded(desk, one.rule, _end, desk, one, clear, conditions, variables, fact)


def on_change(desk: Desk, ready: Iterable[Ready], change: Change, *, only_open: bool = False) -> None:
    """Judge one row of a gauge. `only_open`: nothing new is raised, an open alert may end."""
    for one in ready:
        subject = wire.name("/".join(filter(None, (change.dims.get(dim, "") for dim in one.rule.subject))))
        if not only_open or key_of(one.rule.id, subject) in desk.scope.episodes:
            notice.guarded(desk, one.rule, _judge_change, desk, one, subject, change)


def expire(desk: Desk, now: int) -> None:
    """Fire the timers of episodes that are due at `now`, oldest first. Those of a held rule wait."""
    due = [(e.due, key) for key, e in desk.scope.episodes.items() if e.due is not None and e.due <= now]
    for _, key in sorted(due):
        episode = desk.scope.episodes[key]
        ready = desk.enabled.by_id.get(episode.rule)
        if ready and notice.held(desk, ready.rule):
            continue
        if ready is None or not notice.guarded(desk, ready.rule, _expire, desk, key, ready):
            del desk.scope.episodes[key]  # nobody can say what it meant, now or at the next tick
            if episode.status == "firing":
                notice.withdraw(desk, episode)


def measured(
    desk: Desk, one: Ready, subject: str, measure: str, dims: Mapping[str, str], sample: Sample
) -> Case | None:
    """The case of a gauge's row; None if the rule does not look at it or errs, which is told on its own."""
    plain: dict[str, Any] = {"metric": {"value": sample.value, **dims}, "prev": {"value": sample.before}}
    rows = rows_of(desk, one, plain)
    if rows is None:
        return None
    variables = {**plain, **{name: row.values for name, row in rows.items()}}
    error = ""
    if one.lets:
        variables["let"], error = computed(one, variables)
    about: Forecast | None = desk.scope.forecasts.get(dims.get("forecast", ""))
    found = verdict(desk, one, variables, error) if reaches(one.rule, variables, subject) else None
    if found is None:
        return None
    holds, conditions = found
    if sample.value is None:
        held = one.rule.missing()
    else:
        held = one.rule.held(sample.value, _before(desk, one, subject)) if holds else ()
    shown = {"op": "band", "measure": measure, "value": sample.value, "truth": bool(held)}
    peers = {s_id: s.value for s_id, s in desk.peers(dims).items()}
    return Case(
        ready=one,
        subject=subject,
        value=sample.value,
        value_text="",
        unit=sample.unit,
        owner=text_at(variables, one.rule.subject_owner) or (about.owner_id if about else ""),
        band=held[-1] if held else None,
        held=tuple(band.severity for band in held),
        conditions=[*conditions, shown],
        sources=[*sample.sources, *(row.source for row in rows.values() if row.source)],
        context={**variables, "m": peers, "forecast": about},
        dims=dict(dims),
    )


def _on_event(desk: Desk, fact: Fact) -> None:
    ends, looking = desk.enabled.by_clear.get(fact.type), desk.enabled.by_event.get(fact.type)
    if ends:
        on_clear(desk, ends, fact)
    if looking:
        on_fact(desk, looking, fact)


def _judge_event(desk: Desk, one: Ready, variables: Mapping[str, Any], fact: Fact) -> bool:
    """Whether the rule looked at the event. Elements of one subject are one: the highest band speaks for them."""
    if _idle(desk, one, variables, fact):
        return False
    cases: dict[str, Case] = {}
    looked = False
    for view in views(desk, one, fact, variables):
        if fact.backfill:
            continue
        key = key_of(one.rule.id, view.subject, view.part)
        if one.rule.history is None and key not in desk.scope.episodes:  # most events: nothing is open, nothing rings
            rings = _rings(desk, one, view)
            looked = looked or rings is not None
            if not rings:
                continue
        case = _seen(desk, one, view)
        if case is not None:
            looked = True
            cases[key] = max(
                cases.get(key, case), case, key=lambda found: rank(found.band.severity) if found.band else -1
            )
    for key, case in cases.items():
        if one.rule.one_shot:
            once(desk, case)
        elif case.band or not one.rule.clear or _waits(desk.scope.episodes.get(key)):
            weigh(desk, case)  # else: an event that clears it must come
    return looked


def _waits(episode: Episode | None) -> bool:
    """Not told yet: a condition that does not hold is the end of it, whatever clears it else."""
    return episode is not None and episode.status != "firing"


def _judge_change(desk: Desk, one: Ready, subject: str, change: Change) -> bool:
    if not watch.told_by_value(desk, one.rule, subject, change.dims, change.sample):
        return True
    case = measured(desk, one, subject, change.measure.id, change.dims, change.sample)
    if case is None:
        return False
    if one.rule.one_shot:
        once(desk, case)
    else:
        weigh(desk, case)
    return True


def _end(
    desk: Desk, one: Ready, clear: Clear, conditions: Conditions, variables: Mapping[str, Any], fact: Fact
) -> bool:
    subject = subject_of(variables, clear.subject, fact)
    key = key_of(one.rule.id, subject, text_at(variables, clear.part))
    episode = desk.scope.episodes.get(key)
    if episode is None:
        return False
    verdict = consider(conditions, variables)
    if verdict.error:
        notice.erred(desk, one.rule, verdict.error)
    elif verdict.holds:
        finish(desk, one, key, episode, fact, verdict.conditions)
    return not verdict.error


def finish(desk: Desk, one: Ready, key: str, episode: Episode, fact: Fact, conditions: list[dict[str, Any]]) -> None:
    """End an episode by a fact that says so, whatever its value."""
    after, transition = automaton.end(one.rule, episode, desk.now)
    if transition:
        announce(desk, over(one, episode, fact, conditions), transition, episode)
    if after is not None:
        after.part = episode.part
    keep_episode(desk, key, after)


def _expire(desk: Desk, key: str, ready: Ready) -> bool:
    """Whether anybody can say what the timer meant: not if the rule's measure is gone, or the rule errs."""
    episode = desk.scope.episodes[key]
    after, transition = automaton.expire(ready.rule, episode, desk.now)
    if transition:
        case = _again(desk, ready, episode)
        if case is None:
            return False
        announce(desk, case, transition, after if after and after.status == "firing" else episode)
    if after is not None:
        after.dims, after.part, after.held = episode.dims, episode.part, episode.held
        after.kept = episode.kept if after.due is not None else ""
    keep_episode(desk, key, after)
    return True


def verdict(
    desk: Desk, one: Ready, variables: Mapping[str, Any], error: str
) -> tuple[bool, list[dict[str, Any]]] | None:
    """Whether the conditions hold, and each with its values; None if a guard does not hold or something errs."""
    guards = Verdict(False, error=error) if error else consider(one.guards, variables)
    verdict = consider(one.when, variables) if guards.holds else guards
    if verdict.error:
        notice.erred(desk, one.rule, verdict.error)
    if verdict.error or not guards.holds:
        return None
    return verdict.holds, [*({**said, "op": "if"} for said in guards.conditions), *verdict.conditions]


def _idle(desk: Desk, one: Ready, variables: Mapping[str, Any], fact: Fact) -> bool:
    """Whether the event certainly changes nothing: it does not ring, nothing is open about its subject, and no error
    is held against the rule, nor made. Most events are so to most rules that look at them."""
    rule, episodes = one.rule, desk.scope.episodes
    if not one.alone or rule.id in desk.scope.faults or _banded(one, variables):
        return False
    about = subject_of(variables, rule.subject, fact) if episodes else ""
    return not episodes or key_of(rule.id, about, text_at(variables, rule.part)) not in episodes


def _rings(desk: Desk, one: Ready, view: View) -> bool | None:
    """Whether a band holds of a subject of which nothing is open; None as `_seen`. Nothing is made to be told."""
    if not reaches(one.rule, view.variables, view.subject):
        return None
    found = CelError(view.error) if view.error else _banded(one, view.variables)
    if isinstance(found, CelError):
        notice.erred(desk, one.rule, found.text)
        return None
    return found


def _banded(one: Ready, variables: Mapping[str, Any]) -> bool | CelError | None:
    """Whether the conditions and a band hold, as if nothing had held before; None: a guard does not."""
    guards = one.guards.hold(variables)
    if guards is not True:
        return guards or None
    holds = one.when.hold(variables)
    if holds is not True:
        return holds
    return bool(one.rule.held(wire.number(walk(variables, one.rule.value[0])) if one.rule.value else None))


def _seen(desk: Desk, one: Ready, view: View) -> Case | None:
    """The case of an event; None if the rule does not look at it: out of its reach, a guard, or an error."""
    rule, variables = one.rule, view.variables
    found = verdict(desk, one, variables, view.error) if reaches(rule, variables, view.subject) else None
    if found is None:
        return None
    holds, conditions = found
    value = wire.number(walk(variables, rule.value[0])) if rule.value else None
    held = rule.held(value, _before(desk, one, view.subject, view.part)) if holds else ()
    shown_band = [{"op": "band", "path": path, "value": value, "truth": bool(held)} for path in rule.value[:1]]
    unit = text_at(variables, rule.unit) if "." in rule.unit else rule.unit
    shown = _shown(variables, rule.value, unit)
    return Case(
        ready=one,
        subject=view.subject,
        part=view.part,
        value=value,
        value_text=wire.shown(shown),
        unit=wire.name(unit),
        owner=text_at(variables, rule.subject_owner),
        band=held[-1] if held else None,
        held=tuple(band.severity for band in held),
        conditions=[*conditions, *(shown_band if any(one.threshold is not None for one in rule.bands) else ())],
        sources=list(view.sources),
        context=variables,
    )


def _shown(variables: Mapping[str, Any], paths: Iterable[str], unit: str) -> str:
    """What the alert shows: the texts at the paths and the unit; percentages with two decimals."""
    if unit != texts.PERCENT:
        return " ".join(filter(None, (*(text_at(variables, path) for path in paths), unit)))
    exact = ((wire.number(walk(variables, path)), text_at(variables, path)) for path in paths)
    return " ".join(filter(None, (text if value is None else texts.percent(value) for value, text in exact)))


def _before(desk: Desk, one: Ready, subject: str, part: str = "") -> tuple[Any, ...]:
    """The bands that held at the judgement before."""
    episode = desk.scope.episodes.get(key_of(one.rule.id, subject, part)) if one.releases else None
    return tuple(episode.held) if episode else ()


def as_fact(event: Derived, cause: Fact) -> Fact:
    """A derived event as rules see a fact; its place is that of the fact that caused it."""
    return Fact(
        partition=event.partition,
        seq=event.seq,
        recorded=event.recorded,
        kind="fact",
        scope=event.scope,
        type=event.type,
        id=event.id,
        source="sharedchain:engine",
        subject=event.subject,
        time=event.time,
        tenant=cause.tenant,
        data=event.data,
        correlation=event.correlation,
        causation=event.causation,
        backfill=event.backfill,
    )


def once(desk: Desk, case: Case, shot: str = "") -> str:
    """A one-shot rule: each causing fact opens its own alert, which stays until it is acknowledged; its id. `shot`: the
    alert that the same cause opened before, which escalates."""
    if case.band is None:
        return shot
    rule, before = case.ready.rule, desk.scope.shots.get(shot)
    if before is not None:
        before.severity = case.band.severity
        announce(desk, case, "escalated", before)
        return shot
    fresh = Episode(rule.id, rule.version, case.subject, "firing", case.band.severity, desk.now, opened_at=desk.now)
    announce(desk, case, "raised", fresh)
    response.remember(desk, fresh)
    return fresh.alert_id


def weigh(desk: Desk, case: Case) -> None:
    """One judgement more for the episode; a timer that is due has passed before it."""
    rule, key = case.ready.rule, key_of(case.ready.rule.id, case.subject, case.part)
    before = desk.scope.episodes.get(key)
    if before and before.due is not None and before.due <= desk.now and isinstance(rule.on, OnEvent):
        _expire(desk, key, case.ready)
        before = desk.scope.episodes.get(key)
    severity = case.band.severity if case.band else None
    place = case.sources[0] if case.sources else automaton.NOWHERE
    after, transition = automaton.advance(rule, case.subject, before, severity, desk.now, place)
    told = after if after is not None and after.status == "firing" else before
    if transition and told:
        announce(desk, _whole(case, told) if transition == "raised" else case, transition, told)
    if after is not None:
        after.dims, after.part, after.held = case.dims, case.part, list(case.held)
        timed = after.due is not None and isinstance(rule.on, OnEvent)
        after.kept = keep(case.context) if timed else ""
    keep_episode(desk, key, after)


def _whole(case: Case, episode: Episode) -> Case:
    """The case with all facts that led to it: where it began, and the judgements that count."""
    if isinstance(case.ready.rule.on, OnMeasure):
        return case
    led = [*(one.place for one in episode.last if one.severity), episode.began]
    return replace(case, sources=list(dict.fromkeys([*filter(None, led), *case.sources])))


def _again(desk: Desk, ready: Ready, episode: Episode) -> Case | None:
    """The case as it stands now, or as the last event showed it, for a timer."""
    match ready.rule.on:
        case OnMeasure(measure=measure):
            sample = desk.sample(measure, episode.dims)
            return measured(desk, ready, episode.subject, measure, episode.dims, sample) if sample else None
        case OnClock():
            return watch.again(desk, ready, episode.subject, episode.part)
        case OnEvent() if episode.kept:
            case = _seen(desk, ready, View(recall(episode.kept), (), episode.subject, episode.part))
            return _whole(case, episode) if case else None
    return None


def keep_episode(desk: Desk, key: str, episode: Episode | None) -> None:
    if episode is None:
        desk.scope.episodes.pop(key, None)
        return
    desk.scope.episodes[key] = episode
    if episode.due is not None:
        desk.scope.wake = min(desk.scope.wake, episode.due)
