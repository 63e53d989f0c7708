"""Rules over facts and measures: conditions, band, subject; then the episode; then what is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sharedchain.core import episode as automaton
from sharedchain.core import forecast, notice, wire
from sharedchain.core.alerts import Case, announce, over
from sharedchain.core.cel import CelError, Condition
from sharedchain.core.desk import Desk
from sharedchain.core.gauges import Change
from sharedchain.core.lookup import TABLES, Row
from sharedchain.core.rule import Band, Clear, OnMeasure
from sharedchain.core.ruleset import Conditions, Ready
from sharedchain.core.state import Episode, Forecast, Place, Sample
from sharedchain.fact import Derived, Fact


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the conditions hold, and each with its values; `error` is the first that went wrong."""

    holds: bool
    conditions: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""


def on_events(desk: Desk, fact: Fact) -> None:
    """Judge one fact, then, in order, what the forecast view derived from it: each clears first, then rings."""
    derived = tuple(event for event in desk.out.said if event.type in forecast.VIEW)
    _on_event(desk, fact)
    for event in derived:
        _on_event(replace(desk, out=desk.out.behind(event)), _as_fact(event, fact))


def on_fact(desk: Desk, ready: Iterable[Ready], fact: Fact) -> None:
    """Judge one fact. Backfill is history: it rings no event rule."""
    if fact.backfill:
        return
    variables = _variables(fact)
    for one in ready:
        notice.guarded(desk, one.rule, _judge_event, desk, one, variables, fact)


def on_clear(desk: Desk, ends: Iterable[tuple[Ready, Clear, Conditions]], fact: Fact) -> None:
    """End the open alerts that this fact clears. Backfill does too: what was over before is over."""
    desk, variables = replace(desk, silent=False), _variables(fact)
    for one, clear, conditions in ends:
        notice.guarded(desk, one.rule, _end, desk, one, clear, conditions, variables, fact)


def on_change(desk: Desk, ready: Iterable[Ready], change: Change, *, only_open: bool = False) -> None:
    """Judge one row of a gauge. `only_open`: nothing new is raised, an open alert may end."""
    for one in ready:
        subject = change.dims.get(one.rule.subject[0], "")
        if not only_open or _key(one, subject) in desk.scope.episodes:
            notice.guarded(desk, one.rule, _judge_change, desk, one, subject, change)


def expire(desk: Desk, now: int) -> None:
    """Fire the timers of episodes that are due at `now`, oldest first. Those of a held rule wait."""
    due = [(e.due, key) for key, e in desk.scope.episodes.items() if e.due is not None and e.due <= now]
    for _, key in sorted(due):
        episode = desk.scope.episodes[key]
        ready = desk.enabled.by_id.get(episode.rule)
        if ready and notice.held(desk, ready.rule):
            continue
        if ready is None or not notice.guarded(desk, ready.rule, _expire, desk, key, ready, episode):
            del desk.scope.episodes[key]  # nobody can say what it meant, now or at the next tick
            if episode.status == "firing":
                notice.withdraw(desk, episode)


def _judge_event(desk: Desk, one: Ready, variables: Mapping[str, Any], fact: Fact) -> bool:
    """Whether the rule looked at the event."""
    case = _seen(desk, one, variables, fact)
    if case is None or (case.band is None and one.rule.clear):
        return case is not None  # not looked at; or an event that clears it must come
    if one.rule.one_shot:
        _once(desk, case)
    else:
        _weigh(desk, case)
    return True


def _judge_change(desk: Desk, one: Ready, subject: str, change: Change) -> bool:
    case = measured(desk, one, subject, change.measure.id, change.dims, change.sample)
    if case is None:
        return False
    if one.rule.one_shot:
        _once(desk, case)
    else:
        _weigh(desk, case)
    return True


def _end(
    desk: Desk, one: Ready, clear: Clear, conditions: Conditions, variables: Mapping[str, Any], fact: Fact
) -> bool:
    subject = _subject(variables, clear.subject, fact)
    key = _key(one, subject, text_at(variables, clear.part))
    episode = desk.scope.episodes.get(key)
    if episode is None:
        return False
    verdict = consider(conditions, variables)
    if verdict.error:
        notice.erred(desk, one.rule, verdict.error)
    elif verdict.holds:
        after, transition = automaton.advance(one.rule, subject, episode, None, desk.now)
        if transition:
            announce(desk, over(one, episode, fact, verdict.conditions), transition, episode)
        _keep(desk, key, after)
    return not verdict.error


def _expire(desk: Desk, key: str, ready: Ready, episode: Episode) -> bool:
    """Whether anybody can say what the timer meant: not if the rule's measure is gone, or the rule errs."""
    after, transition = automaton.expire(episode, desk.now)
    case = _again(desk, ready, episode)
    if case is None:
        return False
    if transition:
        announce(desk, case, transition, after or episode)
    _keep(desk, key, after)
    return True


def consider(asked: Conditions, variables: Mapping[str, Any]) -> Verdict:
    """All of `all`, and one of `any` if there are any; every condition is evaluated, for the explanation."""
    truths: dict[str, list[bool]] = {"all": [], "any": []}
    conditions: list[dict[str, Any]] = []
    for part, of in (("all", asked.all), ("any", asked.any)):
        for condition in of:
            truth = condition.truth(variables)
            if isinstance(truth, CelError):
                return Verdict(False, conditions, f"{condition.source}: {truth.text}")
            truths[part].append(truth)
            conditions.append(_said(condition, variables, truth, part))
    return Verdict(all(truths["all"]) and (any(truths["any"]) or not truths["any"]), conditions)


def walk(variables: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    value: Any = variables
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def text_at(variables: Mapping[str, Any], path: str) -> str:
    """The value at a dotted path as people read it; "" for no path and for no value."""
    return wire.text(walk(variables, path)) if path else ""


def measured(
    desk: Desk, one: Ready, subject: str, measure: str, dims: Mapping[str, str], sample: Sample
) -> Case | None:
    """The case of a gauge's row; None if a condition errs, which is told on its own."""
    variables = {"metric": {"value": sample.value, **dims}, "prev": {"value": sample.before}}
    verdict = consider(one.when, variables)
    if verdict.error:
        notice.erred(desk, one.rule, verdict.error)
        return None
    band: Band | None = one.rule.band(sample.value) if verdict.holds and sample.value is not None else None
    about: Forecast | None = desk.scope.forecasts.get(dims.get("forecast", ""))
    peers = {s_id: s.value for s_id, s in desk.peers(dims).items()}
    shown = {"op": "band", "measure": measure, "value": sample.value, "truth": band is not None}
    return Case(
        ready=one,
        subject=subject,
        value=sample.value,
        value_text="",
        unit=sample.unit,
        owner=about.owner_id if about else "",
        band=band,
        conditions=[*verdict.conditions, shown],
        sources=list(sample.sources),
        context={"metric": variables["metric"], "prev": variables["prev"], "m": peers, "forecast": about},
        dims=dict(dims),
    )


def _on_event(desk: Desk, fact: Fact) -> None:
    ends, looking = desk.enabled.by_clear.get(fact.type), desk.enabled.by_event.get(fact.type)
    if ends:
        on_clear(desk, ends, fact)
    if looking:
        on_fact(desk, looking, fact)


def _seen(desk: Desk, one: Ready, plain: Mapping[str, Any], fact: Fact) -> Case | None:
    """The case of an event; None if the rule does not look at it: a row is missing, a guard does not hold, it errs."""
    rule, rows = one.rule, _rows(desk, one, plain)
    if rows is None:
        return None
    variables = {**plain, **{name: row.values for name, row in rows.items()}}
    guards = consider(one.guards, variables)
    verdict = consider(one.when, variables) if guards.holds else guards
    if verdict.error:
        notice.erred(desk, rule, verdict.error)
    if verdict.error or not guards.holds:
        return None
    value = wire.number(walk(variables, rule.value[0])) if rule.value else None
    band = rule.band(value) if verdict.holds else None
    shown_band = [{"op": "band", "path": path, "value": value, "truth": band is not None} for path in rule.value[:1]]
    unit = text_at(variables, rule.unit) if "." in rule.unit else rule.unit
    shown = " ".join(filter(None, (*(text_at(variables, path) for path in rule.value), unit)))
    sources: list[Place] = [(fact.partition, fact.seq), *(row.source for row in rows.values() if row.source)]
    return Case(
        ready=one,
        subject=_subject(variables, rule.subject, fact),
        part=text_at(variables, rule.part),
        value=value,
        value_text=wire.shown(shown),
        unit=wire.name(unit),
        owner=text_at(variables, rule.subject_owner),
        band=band,
        conditions=[
            *({**said, "op": "if"} for said in guards.conditions),
            *verdict.conditions,
            *(shown_band if any(one.threshold is not None for one in rule.bands) else ()),
        ],
        sources=list(dict.fromkeys(sources)),
        context=variables,
    )


def _rows(desk: Desk, one: Ready, plain: Mapping[str, Any]) -> dict[str, Row] | None:
    """What `with` finds, by name; None if a row is missing that is not optional."""
    rows: dict[str, Row] = {}
    for name in one.looks:
        look = one.rule.with_[name]
        known = {**plain, **{other: row.values for other, row in rows.items()}}
        table, ids = TABLES[look.entity], [text_at(known, path) for path in look.id]
        row = table.find(desk.scope, *ids) if all(ids) else None
        if row is None and not look.optional:
            return None
        rows[name] = row or table.empty()
    return rows


def _variables(fact: Fact) -> dict[str, Any]:
    meta = {
        "type": fact.type,
        "id": fact.id,
        "source": fact.source,
        "subject": fact.subject,
        "time": fact.time,
        "tenant": fact.tenant,
        "actor": fact.actor,
        "kind": fact.kind,
    }
    return {"message": fact.data, "meta": meta}


def _subject(variables: Mapping[str, Any], paths: Iterable[str], fact: Fact) -> str:
    return wire.name("/".join(filter(None, (text_at(variables, path) for path in paths))) or fact.subject)


def _as_fact(event: Derived, cause: Fact) -> Fact:
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


def _once(desk: Desk, case: Case) -> None:
    """A one-shot rule: each causing fact opens its own alert, which stays until it is acknowledged."""
    if case.band is None:
        return
    rule = case.ready.rule
    fresh = Episode(rule.id, rule.version, case.subject, "firing", case.band.severity, desk.now, opened_at=desk.now)
    announce(desk, case, "raised", fresh)


def _weigh(desk: Desk, case: Case) -> None:
    key = _key(case.ready, case.subject, case.part)
    before = desk.scope.episodes.get(key)
    severity = case.band.severity if case.band else None
    after, transition = automaton.advance(case.ready.rule, case.subject, before, severity, desk.now)
    if after is not None:
        after.dims = case.dims
    told = after or before
    if transition and told:
        announce(desk, case, transition, told)
    _keep(desk, key, after)  # last: what errs on the way has changed nothing


def _again(desk: Desk, ready: Ready, episode: Episode) -> Case | None:
    """The case as it stands now, for a timer."""
    on = ready.rule.on
    if not isinstance(on, OnMeasure):
        return None
    sample = desk.sample(on.measure, episode.dims)
    return measured(desk, ready, episode.subject, on.measure, episode.dims, sample) if sample else None


def _keep(desk: Desk, key: str, episode: Episode | None) -> None:
    if episode is None:
        desk.scope.episodes.pop(key, None)
    else:
        desk.scope.episodes[key] = episode


def _key(ready: Ready, subject: str, part: str = "") -> str:
    return f"{ready.rule.id}|{subject}|{part}" if part else f"{ready.rule.id}|{subject}"


def _said(condition: Condition, variables: Mapping[str, Any], truth: bool, part: str) -> dict[str, Any]:
    values = {path: wire.shown(value) for path, value in condition.values(variables).items()}
    return {"op": part, "cel": condition.source, "values": values, "truth": truth}
