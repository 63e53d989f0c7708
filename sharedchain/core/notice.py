"""Alerts about the rules themselves, in built-in words: one erred, one does not load, one was switched off."""

from __future__ import annotations

from typing import Any

from sharedchain.canonical import dumps
from sharedchain.core.desk import Desk
from sharedchain.core.localtime import local_day
from sharedchain.core.routes import resolve
from sharedchain.core.rule import Rule
from sharedchain.core.state import Episode
from sharedchain.fact import derived_id
from sharedchain.links import alert_path

ABOUT_RULES = "R-00"
_LIMIT = 500  # characters of an error in a text


def erred(desk: Desk, rule: Rule, error: str) -> None:
    """A rule that errs is itself an alert: one per version, to operations and its owner, until acknowledged."""
    _raise(desk, rule.id, rule.version, rule.owner, error)


def settle(desk: Desk) -> None:
    """The config changed: tell items that do not load, and end the alerts of rules that are off."""
    for key, error in sorted(desk.rules.broken.items()):
        _raise(desk, key, 0, "role:ops", error)
    for key, episode in list(desk.scope.episodes.items()):
        if episode.rule == ABOUT_RULES:
            if episode.subject not in (*desk.rules.broken, *desk.enabled.by_id):
                del desk.scope.episodes[key]
        elif episode.rule not in desk.enabled.by_id:
            del desk.scope.episodes[key]
            if episode.status == "firing":
                _withdraw(desk, episode)


def _raise(desk: Desk, subject: str, version: int, owner: str, error: str) -> None:
    key = f"{ABOUT_RULES}|{subject}@{version}"
    if key in desk.scope.episodes:
        return
    people = resolve(desk.scope, ("role:ops", owner), "", local_day(desk.now, desk.settings.timezone))
    episode = Episode(ABOUT_RULES, version, subject, "firing", "YELLOW", desk.now, opened_at=desk.now)
    episode.alert_id = derived_id(desk.out.cause(desk.name), f"alert/{ABOUT_RULES}", key)
    episode.recipients = people
    desk.scope.episodes[key] = episode
    words = {
        "title_zh": f"规则 {subject} 出错",
        "title_en": f"Rule {subject} fails",
        "text_zh": f"{subject} 第 {version} 版无法判断：{error[:_LIMIT]}",
        "text_en": f"{subject}, version {version}, cannot judge: {error[:_LIMIT]}",
    }
    why = dumps({"rule": subject, "version": version, "error": error, "clears": {"by": "acknowledgement"}})
    data = {**_data(desk, episode, owner, why, error[:200]), **words, "deliveries": desk.deliveries("YELLOW", people)}
    desk.say("alert.raised", subject, ABOUT_RULES, data)


def _withdraw(desk: Desk, episode: Episode) -> None:
    rule, subject = episode.rule, episode.subject
    words = {
        "title_zh": f"规则 {rule} 已停用：{subject}",
        "title_en": f"Rule {rule} was switched off: {subject}",
        "text_zh": f"规则 {rule} 已停用，关于 {subject} 的告警随之结束。",
        "text_en": f"Rule {rule} was switched off; its alert about {subject} ends with it.",
    }
    why = dumps({"rule": rule, "version": episode.version, "withdrawn": True})
    data = {**_data(desk, episode, "role:ops", why, ""), **words, "deliveries": desk.lamp_out(episode)}
    desk.say("alert.resolved", subject, episode.alert_id, data)  # two parts of one subject may end at once


def _data(desk: Desk, episode: Episode, owner: str, explain: str, value_text: str) -> dict[str, Any]:
    return {
        "alert_id": episode.alert_id,
        "rule_id": episode.rule,
        "rule_version": episode.version,
        "subject": episode.subject,
        "severity": episode.severity,
        "value": None,
        "value_text": value_text,
        "threshold": None,
        "unit": "",
        "owner": owner,
        "recipients": list(episode.recipients),
        "link": alert_path(desk.name, episode.alert_id),
        "explain": explain,
        "opened_at": episode.opened_at,
    }
