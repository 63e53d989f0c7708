"""What an alert says: its data, its explanation, whom it tells, and what else the rule derives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sharedchain.core import explain, notice, texts, wire
from sharedchain.core.acting import act
from sharedchain.core.action import REFRESH
from sharedchain.core.desk import Desk
from sharedchain.core.episode import Transition
from sharedchain.core.localtime import local_day
from sharedchain.core.routes import resolve
from sharedchain.core.rule import Band, OnClock, Rule
from sharedchain.core.ruleset import Ready
from sharedchain.core.sighted import Derive
from sharedchain.core.state import Episode, Place
from sharedchain.core.wording import Severity
from sharedchain.fact import Fact, derived_id
from sharedchain.links import alert_path, confirm_path

_TITLE, _TEXT = 500, 5_000  # characters, whatever the words in them
# of what an alert says, what its actions may repeat: `alert.rule`, `alert.value` …
_ALERT = ("alert_id", "rule_id", "rule_version", "subject", "severity", "value", "unit", "owner", "link")
_TOLD = 200  # people that one alert tells: one that told more would fit no record


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
    part: str = ""  # of the subject: each has its own open alert
    held: tuple[Severity, ...] = ()  # the bands that hold, lowest first
    words: Mapping[str, str] | None = None  # what it says, if not what the rule's texts say
    how: str = ""  # what led to the transition, if not the rule


def over(ready: Ready, episode: Episode, fact: Fact, conditions: list[dict[str, Any]]) -> Case:
    """The case of an alert that `fact` clears: it repeats what was told last, in built-in words."""
    rule, subject, shown = ready.rule, episode.subject, episode.value_text
    words = {
        "title_zh": f"{rule.title.zh}已解除：{subject}",
        "title_en": f"{rule.title.en} is over: {subject}",
        "text_zh": f"{fact.type} 解除了关于 {subject} 的告警（{shown or rule.id}）。",
        "text_en": f"{fact.type} ended the alert about {subject} ({shown or rule.id}).",
    }
    return Case(
        ready=ready,
        subject=subject,
        value=episode.value,
        value_text=shown,
        unit=episode.unit,
        owner=episode.owner,
        band=None,
        conditions=[{"op": "clear", "event": fact.type, "truth": True}, *conditions],
        sources=[(fact.partition, fact.seq)],
        context={},
        words=words,
    )


def answered(ready: Ready, episode: Episode, fact: Fact, by: str) -> Case:
    """The case of an alert that somebody acknowledged: that ends it."""
    rule, subject = ready.rule, episode.subject
    words = {
        "title_zh": f"{rule.title.zh}已确认：{subject}",
        "title_en": f"{rule.title.en} was acknowledged: {subject}",
        "text_zh": f"{by} 确认了关于 {subject} 的告警（{episode.value_text or rule.id}）。",
        "text_en": f"{by} acknowledged the alert about {subject} ({episode.value_text or rule.id}).",
    }
    said = {"op": "acknowledged", "by": by, "note": wire.shown(fact.data.get("note") or ""), "truth": True}
    case = over(ready, episode, fact, [])
    return replace(case, words=words, conditions=[said], how="acknowledged")


def announce(desk: Desk, case: Case, transition: Transition, episode: Episode) -> None:
    """Emit the alert's transition; on `raised`, give the episode its id and derive the rule's action."""
    rule = case.ready.rule
    maker = f"{rule.id}|{case.part}" if case.part else rule.id  # two parts of one subject may ring at once
    if transition == "raised":
        episode.alert_id = derived_id(desk.out.cause(desk.name), f"alert/{maker}", case.subject)
    explain.follow(episode, transition, desk.now)
    told = _tell(desk, case, transition, episode)
    try:
        said = case.words or _texts(desk, case, transition, episode)
    except ValueError as error:
        said = {f"{part}_{lang}": f"{rule.id} {case.subject}" for part in ("title", "text") for lang in ("zh", "en")}
        notice.erred(desk, rule, str(error))
    data = {
        **_facts(desk, case, episode),
        **said,
        "deliveries": told,
        "explain": explain.explained(case, transition, episode, desk.now, desk.settings.timezone),
    }
    desk.say(f"alert.{transition}", case.subject, maker, data)
    if transition == "raised":
        _act(desk, case, data)


def _tell(desk: Desk, case: Case, transition: Transition, episode: Episode) -> list[dict[str, Any]]:
    """The deliveries, and what the episode must know of them. Good news goes to inboxes, and puts the lamp out."""
    severity = _severity(episode)
    if transition == "resolved":
        return desk.lamp_out(episode)
    if transition == "eased":
        told = [] if case.ready.rule.mode == "observe" else desk.deliveries(severity, episode.recipients)
        dark = [] if any(one["channel"] == "LIGHT" for one in told) else desk.lamp_out(episode)
        episode.channels = [channel for channel in episode.channels if not dark or channel != "LIGHT"]
        return [*(one for one in told if one["channel"] == "INBOX"), *dark]
    episode.recipients = _recipients(desk, case, severity)
    told = [] if case.ready.rule.mode == "observe" else desk.deliveries(severity, episode.recipients)
    episode.channels = sorted({*episode.channels, *(one["channel"] for one in told)})
    if case.ready.rule.clear or case.ready.rule.one_shot or isinstance(case.ready.rule.on, OnClock):
        _remember(case, episode)
    return told


def _severity(episode: Episode) -> Severity:
    assert episode.severity is not None, "an alert that is told has a severity"
    return episode.severity


def _facts(desk: Desk, case: Case, episode: Episode) -> dict[str, Any]:
    rule = case.ready.rule
    return {
        "alert_id": episode.alert_id,
        "rule_id": rule.id,
        "rule_version": rule.version,
        "subject": case.subject,
        "severity": episode.severity,
        "value": wire.rate(case.value),
        "value_text": case.value_text or _shown(case.value, case.unit),
        "threshold": wire.rate(_threshold(case, episode)),
        "unit": case.unit,
        "owner": case.owner or rule.owner,
        "recipients": list(episode.recipients),
        "link": _link(desk, case, episode),
        "opened_at": episode.opened_at,
    }


def _remember(case: Case, episode: Episode) -> None:
    episode.value, episode.value_text = wire.rate(case.value), case.value_text
    episode.unit, episode.owner = case.unit, case.owner


def _recipients(desk: Desk, case: Case, severity: Severity) -> list[str]:
    rule, day = case.ready.rule, local_day(desk.now, desk.settings.timezone)
    people = resolve(desk.scope, rule.to.get(severity, ()), case.owner, day, case.context)
    return (people or resolve(desk.scope, (rule.otherwise,), case.owner, day, case.context))[:_TOLD]


def _threshold(case: Case, episode: Episode) -> Decimal | None:
    return next((b.threshold for b in case.ready.rule.bands if b.severity == episode.severity), None)


def _texts(desk: Desk, case: Case, transition: Transition, episode: Episode) -> Mapping[str, str]:
    context = {
        **case.context,
        "subject": case.subject,
        "value": wire.rate(case.value),
        "threshold": _threshold(case, episode),
        "severity": episode.severity,
        "transition": transition,
        "owner": case.owner,
        "scope": desk.name,
        "currency": desk.settings.currency,
        "timezone": desk.settings.timezone,
        "opened_at": episode.opened_at,
    }
    said = {}
    for language, (title, text) in case.ready.texts.items():
        said[f"title_{language}"] = texts.render(title, context, language)[:_TITLE]
        said[f"text_{language}"] = texts.render(text, context, language)[:_TEXT]
    return said


def _refreshes(rule: Rule) -> bool:
    """The rule asks for a new version of the forecast it looks at."""
    return any(isinstance(one, Derive) and one.derive == REFRESH for one in rule.action)


def _link(desk: Desk, case: Case, episode: Episode) -> str:
    """A path at the gateway; the notifier addresses and signs it."""
    forecast = desk.scope.forecasts.get(case.dims.get("forecast", ""))
    if _refreshes(case.ready.rule) and forecast is not None:
        return confirm_path(desk.name, case.subject, forecast.version, case.owner)
    return alert_path(desk.name, episode.alert_id)


def _act(desk: Desk, case: Case, data: Mapping[str, Any]) -> None:
    rule = case.ready.rule
    if _refreshes(rule) and rule.mode != "observe" and not desk.silent:
        _refresh(desk, case, data["link"])
    if case.ready.actions:
        said = {name.removeprefix("alert_").removesuffix("_id"): data[name] for name in _ALERT}
        act(desk, rule, case.ready.actions, {**case.context, "alert": {**said, "part": case.part, "at": desk.now}})


def _refresh(desk: Desk, case: Case, link: str) -> None:
    forecast = desk.scope.forecasts[case.subject]
    data = {
        "forecast_id": case.subject,
        "age_days": int(case.value or 0),
        "last_version": forecast.version,
        "owner_id": forecast.owner_id,
        "link": link,
    }
    desk.say(REFRESH, case.subject, case.ready.rule.id, data)


def _shown(value: Decimal | None, unit: str) -> str:
    if value is None:
        return ""
    return texts.pct(value) if unit == "ratio" else f"{texts.number(value)} {unit}".strip()
