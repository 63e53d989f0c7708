"""Rules over facts and measures: conditions, band, subject; then the episode; then what is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sharedchain.core import episode as automaton
from sharedchain.core import notice, wire
from sharedchain.core.alerts import Case, announce
from sharedchain.core.cel import CelError, Condition
from sharedchain.core.desk import Desk
from sharedchain.core.gauges import Change
from sharedchain.core.rule import Band, OnMeasure
from sharedchain.core.ruleset import Ready
from sharedchain.core.state import Episode, Forecast, Sample
from sharedchain.fact import Fact


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the conditions hold, and each with its values; `error` is the first that went wrong."""

    holds: bool
    conditions: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""


def on_fact(desk: Desk, ready: Iterable[Ready], fact: Fact) -> None:
    """Judge one fact. Backfill is history: it rings no event rule."""
    if fact.backfill:
        return
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
    variables = {"message": fact.data, "meta": meta}
    for one in ready:
        rule, verdict = one.rule, consider(one, variables)
        if verdict.error:
            notice.erred(desk, one.rule, verdict.error)
            continue
        value = wire.number(walk(variables, rule.value)) if rule.value else None
        band = rule.band(value) if verdict.holds else None
        case = Case(
            ready=one,
            subject=wire.name(_text(walk(variables, rule.subject)) or fact.subject),
            value=value,
            value_text=str(wire.shown(_text(walk(variables, rule.value)))) if rule.value else "",
            unit="",
            owner=_text(walk(variables, rule.subject_owner)) if rule.subject_owner else "",
            band=band,
            conditions=verdict.conditions,
            sources=[(fact.partition, fact.seq)],
            context={"message": fact.data, "meta": meta},
        )
        if rule.one_shot:
            _once(desk, case)
        else:
            _weigh(desk, case)


def on_change(desk: Desk, ready: Iterable[Ready], change: Change, *, only_open: bool = False) -> None:
    """Judge one row of a gauge. `only_open`: nothing new is raised, an open alert may end."""
    for one in ready:
        subject = change.dims.get(one.rule.subject, "")
        if only_open and _key(one, subject) not in desk.scope.episodes:
            continue
        case = measured(desk, one, subject, change.measure.id, change.dims, change.sample)
        if case is None:
            continue
        if one.rule.one_shot:
            _once(desk, case)
        else:
            _weigh(desk, case)


def expire(desk: Desk, now: int) -> None:
    """Fire the timers of episodes that are due at `now`, oldest first."""
    due = [(e.due, key) for key, e in desk.scope.episodes.items() if e.due is not None and e.due <= now]
    for _, key in sorted(due):
        episode = desk.scope.episodes[key]
        after, transition = automaton.expire(episode, now)
        ready = desk.enabled.by_id.get(episode.rule)
        case = _again(desk, ready, episode) if ready else None
        if case is None:  # the rule or its measure is gone: nobody can say what it meant
            del desk.scope.episodes[key]
            continue
        _keep(desk, key, after)
        if transition:
            announce(desk, case, transition, after or episode)


def consider(ready: Ready, variables: Mapping[str, Any]) -> Verdict:
    """All of `all`, and one of `any` if there are any; every condition is evaluated, for the explanation."""
    truths: dict[str, list[bool]] = {"all": [], "any": []}
    conditions: list[dict[str, Any]] = []
    for part, of in (("all", ready.all), ("any", ready.any)):
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


def measured(
    desk: Desk, one: Ready, subject: str, measure: str, dims: Mapping[str, str], sample: Sample
) -> Case | None:
    """The case of a gauge's row; None if a condition errs, which is told on its own."""
    variables = {"metric": {"value": sample.value, **dims}, "prev": {"value": sample.before}}
    verdict = consider(one, variables)
    if verdict.error:
        notice.erred(desk, one.rule, verdict.error)
        return None
    band: Band | None = one.rule.band(sample.value) if verdict.holds and sample.value is not None else None
    forecast: Forecast | None = desk.scope.forecasts.get(dims.get("forecast", ""))
    peers = {s_id: s.value for s_id, s in desk.peers(dims).items()}
    shown = {"op": "band", "measure": measure, "value": sample.value, "truth": band is not None}
    return Case(
        ready=one,
        subject=subject,
        value=sample.value,
        value_text="",
        unit=sample.unit,
        owner=forecast.owner_id if forecast else "",
        band=band,
        conditions=[*verdict.conditions, shown],
        sources=list(sample.sources),
        context={"metric": variables["metric"], "prev": variables["prev"], "m": peers, "forecast": forecast},
        dims=dict(dims),
    )


def _once(desk: Desk, case: Case) -> None:
    """A one-shot rule: each causing fact opens its own alert, which stays until it is acknowledged."""
    if case.band is None:
        return
    rule = case.ready.rule
    fresh = Episode(rule.id, rule.version, case.subject, "firing", case.band.severity, desk.now, opened_at=desk.now)
    announce(desk, case, "raised", fresh)


def _weigh(desk: Desk, case: Case) -> None:
    key = _key(case.ready, case.subject)
    before = desk.scope.episodes.get(key)
    severity = case.band.severity if case.band else None
    after, transition = automaton.advance(case.ready.rule, case.subject, before, severity, desk.now)
    if after is not None:
        after.dims = case.dims
    _keep(desk, key, after)
    told = after or before
    if transition and told:
        announce(desk, case, transition, told)


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


def _key(ready: Ready, subject: str) -> str:
    return f"{ready.rule.id}|{subject}"


def _said(condition: Condition, variables: Mapping[str, Any], truth: bool, part: str) -> dict[str, Any]:
    values = {path: wire.shown(value) for path, value in condition.values(variables).items()}
    return {"op": part, "cel": condition.source, "values": values, "truth": truth}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
