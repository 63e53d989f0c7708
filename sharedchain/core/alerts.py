"""What an alert says: its data, its explanation, whom it tells, and what else the rule derives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from sharedchain.canonical import dumps
from sharedchain.core import texts
from sharedchain.core.emit import Emitter
from sharedchain.core.episode import Transition
from sharedchain.core.gauges import key_of
from sharedchain.core.localtime import local_day
from sharedchain.core.routes import deliveries, resolve
from sharedchain.core.rule import Band, OnMeasure
from sharedchain.core.ruleset import Enabled, Ready, Ruleset
from sharedchain.core.settings import Settings
from sharedchain.core.state import Episode, Place, Sample, ScopeState
from sharedchain.core.wording import Severity
from sharedchain.fact import derived_id
from sharedchain.links import confirm_path

BROKEN = "R-00"  # the rule about rules: one of them erred


@dataclass(frozen=True, slots=True)
class Desk:
    """Where rules are judged: one scope, its settings, the rules that are on, and the fact that asks."""

    name: str
    scope: ScopeState
    settings: Settings
    rules: Ruleset
    enabled: Enabled
    now: int
    out: Emitter
    silent: bool = False  # backfill: alerts are recorded, nobody is told

    def sample(self, measure: str, dims: Mapping[str, str]) -> Sample | None:
        return self.scope.gauges.get(key_of(measure, dims))

    def peers(self, dims: Mapping[str, str]) -> dict[str, Sample]:
        """The last samples of all gauges with the same dims, by measure."""
        found = {m.id: self.sample(m.id, dims) for m in self.rules.measures if m.kind == "gauge"}
        return {id_: sample for id_, sample in found.items() if sample is not None}


@dataclass(frozen=True, slots=True)
class Case:
    """One rule judged over one subject."""

    ready: Ready
    subject: str
    value: Decimal | None
    value_text: str
    unit: str
    owner: str
    band: Band | None
    conditions: list[dict[str, Any]]
    sources: list[Place]
    context: Mapping[str, Any]
    dims: dict[str, str] = field(default_factory=dict)


def announce(desk: Desk, case: Case, transition: Transition, episode: Episode) -> None:
    """Emit the alert's transition; on `raised`, give the episode its id and derive the rule's action."""
    rule = case.ready.rule
    if transition == "raised":
        episode.alert_id = derived_id(desk.out.cause(desk.name), f"alert/{rule.id}", case.subject)
    if transition != "resolved":
        people = _recipients(desk, case, episode.severity)
        told = [] if desk.silent else deliveries(desk.scope, desk.rules.routes, episode.severity, people)
        episode.recipients = people
        episode.channels = sorted({*episode.channels, *(one["channel"] for one in told)})
    else:
        lamp = {"channel": "LIGHT", "recipient": "", "address": ""}
        told = [lamp] if "LIGHT" in episode.channels and not desk.silent else []
    try:
        said = _texts(desk, case, episode)
    except ValueError as error:
        said = {f"{part}_{lang}": f"{rule.id} {case.subject}" for part in ("title", "text") for lang in ("zh", "en")}
        announce_broken(desk, case.ready, str(error))
    data = {**_facts(desk, case, episode), **said, "deliveries": told, "explain": _explain(case, transition, episode)}
    _say(desk, f"alert.{transition}", case.subject, rule.id, data)
    if transition == "raised" and rule.action and not desk.silent:
        _act(desk, case, data["link"])


def announce_broken(desk: Desk, ready: Ready, error: str) -> None:
    """A rule that errs is itself an alert: one, to operations, until somebody acknowledges it."""
    rule, key = ready.rule, f"{BROKEN}|{ready.rule.id}@{ready.rule.version}"
    if key in desk.scope.episodes:
        return
    people = resolve(desk.scope, ("role:ops", rule.owner), "", local_day(desk.now, desk.settings.timezone))
    alert_id = derived_id(desk.out.cause(desk.name), f"alert/{BROKEN}", key)
    episode = Episode(BROKEN, rule.id, "firing", "YELLOW", desk.now, None, alert_id, desk.now, people, one_shot=True)
    desk.scope.episodes[key] = episode
    data = {
        **dict.fromkeys(("value", "threshold")),
        "alert_id": alert_id,
        "rule_id": BROKEN,
        "rule_version": rule.version,
        "subject": rule.id,
        "severity": "YELLOW",
        "value_text": error[:200],
        "unit": "",
        "owner": rule.owner,
        "recipients": people,
        "deliveries": [] if desk.silent else deliveries(desk.scope, desk.rules.routes, "YELLOW", people),
        "title_zh": f"规则 {rule.id} 出错",
        "title_en": f"Rule {rule.id} fails",
        "text_zh": f"规则 {rule.id} 第 {rule.version} 版无法判断：{error[:500]}",
        "text_en": f"Rule {rule.id}, version {rule.version}, cannot judge: {error[:500]}",
        "link": f"/v1/alerts/{alert_id}",
        "explain": dumps({"rule": rule.id, "version": rule.version, "error": error}),
        "opened_at": desk.now,
    }
    _say(desk, "alert.raised", rule.id, BROKEN, data)


def _facts(desk: Desk, case: Case, episode: Episode) -> dict[str, Any]:
    rule = case.ready.rule
    return {
        "alert_id": episode.alert_id,
        "rule_id": rule.id,
        "rule_version": rule.version,
        "subject": case.subject,
        "severity": episode.severity,
        "value": case.value,
        "value_text": case.value_text or _shown(case.value, case.unit),
        "threshold": _threshold(case, episode),
        "unit": case.unit,
        "owner": case.owner or rule.owner,
        "recipients": list(episode.recipients),
        "link": _link(desk, case, episode),
        "opened_at": episode.opened_at,
    }


def _recipients(desk: Desk, case: Case, severity: Severity) -> list[str]:
    rule, day = case.ready.rule, local_day(desk.now, desk.settings.timezone)
    people = resolve(desk.scope, rule.to.get(severity, ()), case.owner, day)
    return people or resolve(desk.scope, (rule.otherwise,), case.owner, day)


def _threshold(case: Case, episode: Episode) -> Decimal | None:
    return next((b.threshold for b in case.ready.rule.bands if b.severity == episode.severity), None)


def _texts(desk: Desk, case: Case, episode: Episode) -> dict[str, str]:
    context = {
        **case.context,
        "subject": case.subject,
        "value": case.value,
        "threshold": _threshold(case, episode),
        "severity": episode.severity,
        "owner": case.owner,
        "scope": desk.name,
        "currency": desk.settings.currency,
        "timezone": desk.settings.timezone,
        "opened_at": episode.opened_at,
    }
    said = {}
    for language, (title, text) in case.ready.texts.items():
        said[f"title_{language}"] = texts.render(title, context, language)
        said[f"text_{language}"] = texts.render(text, context, language)
    return said


def _explain(case: Case, transition: Transition, episode: Episode) -> str:
    """JSON; `sources` are places on the spine: `facts` shows topic and offset beside them."""
    rule, band = case.ready.rule, case.band
    on = rule.on.measure if isinstance(rule.on, OnMeasure) else list(rule.on.event)
    return dumps(
        {
            "rule": rule.id,
            "version": rule.version,
            "on": on,
            "dims": case.dims,
            "conditions": case.conditions,
            "band": {"severity": band.severity, "sign": band.sign, "threshold": band.threshold} if band else None,
            "path": [episode.status, transition],
            "since": episode.since,
            "sources": [{"partition": partition, "seq": seq} for partition, seq in case.sources],
            "clears": _clears(case),
        }
    )


def _clears(case: Case) -> dict[str, Any]:
    """What would end it: an acknowledgement, or the value leaving every band."""
    rule = case.ready.rule
    opposite = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
    if rule.one_shot or not isinstance(rule.on, OnMeasure):
        return {"by": "acknowledgement"} if rule.one_shot else {"by": "a later event that does not meet the conditions"}
    return {
        "by": "value",
        "measure": rule.on.measure,
        "magnitude": rule.magnitude,
        "must_be": [{"sign": opposite[b.sign], "threshold": b.threshold} for b in rule.bands if b.sign],
    }


def _link(desk: Desk, case: Case, episode: Episode) -> str:
    """A path at the gateway; the notifier addresses and signs it."""
    forecast = case.context.get("forecast")
    if case.ready.rule.action and forecast is not None:
        return confirm_path(desk.name, case.subject, forecast.version, case.owner)
    return f"/v1/alerts/{quote(episode.alert_id)}"


def _act(desk: Desk, case: Case, link: str) -> None:
    forecast = desk.scope.forecasts[case.subject]
    data = {
        "forecast_id": case.subject,
        "age_days": int(case.value or 0),
        "last_version": forecast.version,
        "owner_id": forecast.owner_id,
        "link": link,
    }
    _say(desk, "forecast.refresh.requested", case.subject, case.ready.rule.id, data)


def _say(desk: Desk, type_: str, subject: str, maker: str, data: Mapping[str, Any]) -> None:
    desk.out.add(type_, scope=desk.name, subject=subject, maker=maker, data=data, backfill=desk.silent)


def _shown(value: Decimal | None, unit: str) -> str:
    if value is None:
        return ""
    return texts.pct(value) if unit == "ratio" else f"{texts.number(value)} {unit}".strip()
