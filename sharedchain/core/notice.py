"""What goes wrong with a rule stays with that rule: one alert to its owner, and after many errors it is held.

`R-00` is the alert about the rules themselves, in built-in words: one erred, one does not load, one was switched off.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sharedchain.canonical import dumps
from sharedchain.core.desk import Desk
from sharedchain.core.localtime import local_day
from sharedchain.core.routes import resolve
from sharedchain.core.rule import Rule
from sharedchain.core.sighted import Sighted
from sharedchain.core.state import Episode, Fault
from sharedchain.core.wording import Severity
from sharedchain.fact import derived_id
from sharedchain.links import alert_path

ABOUT_RULES = "R-00"
HELD_AFTER = 10  # errors that no judgement without one took back; or spent budgets
_SPENT = "Iteration budget exceeded"  # CEL's word for an expression that ran too long
_LIMIT = 500  # characters of an error in a text
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")  # of an object: other in every process, so no replay would say it again


def guarded(desk: Desk, rule: Sighted, judge: Callable[..., bool], *about: Any) -> bool:
    """Let `judge` judge one thing by one rule, unless that is held; say whether it did.

    Whatever it raises is the rule's error: what it said on the way is taken back, and everything else goes on.
    """
    fault = desk.scope.faults.get(rule.id) if desk.scope.faults else None
    if fault is not None and fault.held:
        return False
    errors, said, judged = fault.errors if fault else 0, len(desk.out.said), False
    try:
        judged = judge(*about)
    except MemoryError:  # of this machine, not of the rule: no replay would say it again
        raise
    except Exception as error:  # a surprise of any type: the next rule must not hear of it
        del desk.out.said[said:]
        erred(desk, rule, f"{type(error).__name__}: {error}")
    if judged and fault is not None and fault.errors == errors:
        fault.errors = max(errors - 1, 0)
    return judged


def held(desk: Desk, rule: Sighted) -> bool:
    """Whether the rule judges nothing for now."""
    fault = desk.scope.faults.get(rule.id)
    return fault is not None and bool(fault.held)


def erred(desk: Desk, rule: Sighted, error: str) -> None:
    """Count an error of a rule. The first is told to its owner and to operations; so many, and the rule is held."""
    fault = desk.scope.faults.get(rule.id)
    if fault is None:
        fault = desk.scope.faults[rule.id] = Fault(digest(rule))
    fault.errors += 1
    fault.spent += _SPENT in error
    _raise(desk, rule.id, rule.version, rule.owner, error)
    if max(fault.errors, fault.spent) >= HELD_AFTER and not fault.held:
        fault.held = desk.now
        _hold(desk, rule, error)


def digest(rule: Sighted) -> str:
    """One name for what a rule says: an equal one errs alike."""
    return hashlib.blake2b(rule.model_dump_json(by_alias=True).encode(), digest_size=8).hexdigest()


def failed(desk: Desk, what: str, owner: str, error: str) -> None:
    """So is a table or measure that errs."""
    _raise(desk, what, 0, owner, error)


def settle(desk: Desk) -> None:
    """The config changed: tell items that do not load, release rules that changed, end alerts of rules that are off."""
    for key, error in sorted(desk.rules.broken.items()):
        _raise(desk, key, 0, desk.rules.owners.get(key, "role:ops"), error)
    for rule_id, fault in list(desk.scope.faults.items()):
        rule = desk.enabled.named(rule_id)
        if rule is None or digest(rule) != fault.of:
            del desk.scope.faults[rule_id]
    for key, episode in list(desk.scope.episodes.items()):
        if episode.rule == ABOUT_RULES:
            of_day = episode.subject.partition(" ")[0] in desk.enabled.by_id and " " in episode.subject  # `capped`
            if not of_day and episode.subject not in desk.rules.broken and episode.subject not in desk.scope.faults:
                del desk.scope.episodes[key]
                _mended(desk, episode, "changed")
        elif episode.rule not in desk.enabled.by_id or key in desk.scope.orphans:
            del desk.scope.episodes[key]
            if episode.status == "firing":
                withdraw(desk, episode)
    desk.scope.orphans.clear()


def acknowledge(desk: Desk, alert_id: str, by: str = "") -> bool:
    """Somebody answers the alert about a rule: it ends, and a rule that was held judges again. False: no such alert."""
    for key, episode in desk.scope.episodes.items():
        if episode.rule == ABOUT_RULES and episode.alert_id == alert_id:
            del desk.scope.episodes[key]
            desk.scope.faults.pop(episode.subject, None)
            _mended(desk, episode, "acknowledged", by)
            return True
    return False


def capped(desk: Desk, rule: Rule, day: str) -> None:
    """A rule has acted as often as it may on this day: its owner is told once, and it only suggests until the next."""
    subject, most = f"{rule.id} {day}", rule.caps.per_day if rule.caps else 0
    episode = Episode(ABOUT_RULES, rule.version, subject, "firing", "YELLOW", desk.now, opened_at=desk.now)
    episode.alert_id = derived_id(desk.out.cause(desk.name), f"alert/{ABOUT_RULES}", subject)
    episode.owner = rule.owner
    desk.scope.episodes[f"{ABOUT_RULES}|{subject}"] = episode
    words = {
        "title_zh": f"规则 {rule.id} 今日动作已达上限",
        "title_en": f"Rule {rule.id} acted as often as it may today",
        "text_zh": f"{rule.id} 在 {day} 已自动执行 {most} 次，余下只提建议，请人工处理。",
        "text_en": f"{rule.id} acted {most} times on {day}. What follows today is only suggested: see to it by hand.",
    }
    _tell(desk, "raised", episode, words, f"caps: {most} a day")


def withdraw(desk: Desk, episode: Episode) -> None:
    """End an alert whose rule nobody can ask any more."""
    rule, subject = episode.rule, episode.subject
    words = {
        "title_zh": f"规则 {rule} 已停用：{subject}",
        "title_en": f"Rule {rule} was switched off: {subject}",
        "text_zh": f"规则 {rule} 已停用，关于 {subject} 的告警随之结束。",
        "text_en": f"Rule {rule} was switched off; its alert about {subject} ends with it.",
    }
    why = {"rule": rule, "version": episode.version, "withdrawn": True}
    data = {**_data(desk, episode, "role:ops", why, ""), **words, "deliveries": desk.lamp_out(episode)}
    desk.say("alert.resolved", subject, episode.alert_id, data)  # two parts of one subject may end at once


def _raise(desk: Desk, subject: str, version: int, owner: str, error: str) -> None:
    key = f"{ABOUT_RULES}|{subject}"
    if key in desk.scope.episodes:
        return
    episode = Episode(ABOUT_RULES, version, subject, "firing", "YELLOW", desk.now, opened_at=desk.now)
    episode.alert_id = derived_id(desk.out.cause(desk.name), f"alert/{ABOUT_RULES}", key)
    episode.owner = owner
    desk.scope.episodes[key] = episode
    said = plain(error)
    words = {
        "title_zh": f"规则 {subject} 出错",
        "title_en": f"Rule {subject} fails",
        "text_zh": f"{subject} 第 {version} 版无法判断：{said[:_LIMIT]}",
        "text_en": f"{subject}, version {version}, cannot judge: {said[:_LIMIT]}",
    }
    _tell(desk, "raised", episode, words, said)


def _hold(desk: Desk, rule: Sighted, error: str) -> None:
    """The alert about the rule becomes a red one: from now on the rule is silent, and somebody must know."""
    episode = desk.scope.episodes[f"{ABOUT_RULES}|{rule.id}"]
    episode.severity = "RED"
    said = plain(error)
    words = {
        "title_zh": f"规则 {rule.id} 已暂停",
        "title_en": f"Rule {rule.id} is held",
        "text_zh": f"{rule.id} 多次出错，已暂停判断，直到规则被修改或有人确认本告警。最近一次：{said[:_LIMIT]}",
        "text_en": f"{rule.id} erred again and again: it judges nothing until it is changed or somebody acknowledges "
        f"this alert. The last error: {said[:_LIMIT]}",
    }
    _tell(desk, "escalated", episode, words, said)


def _tell(desk: Desk, transition: str, episode: Episode, words: dict[str, str], error: str) -> None:
    """History may make a rule err; the error is of now, and told."""
    severity: Severity = episode.severity or "YELLOW"
    desk = replace(desk, silent=False)
    people = resolve(desk.scope, ("role:ops", episode.owner), "", local_day(desk.now, desk.settings.timezone))
    told = desk.deliveries(severity, people)
    episode.recipients = people
    episode.channels = sorted({*episode.channels, *(one["channel"] for one in told)})
    why = {
        "rule": episode.subject,
        "version": episode.version,
        "error": error,
        "held": severity == "RED",
        "clears": {"by": "acknowledgement", "or": "a change of the rule"},
    }
    data = {**_data(desk, episode, episode.owner, why, error[:200]), **words, "deliveries": told}
    desk.say(f"alert.{transition}", episode.subject, ABOUT_RULES, data)


def _mended(desk: Desk, episode: Episode, path: str, by: str = "") -> None:
    subject = episode.subject
    how = {
        "changed": ("配置已修改", "its configuration was changed"),
        "acknowledged": (f"已由 {by} 确认" if by else "已确认", f"acknowledged by {by}" if by else "acknowledged"),
    }[path]
    words = {
        "title_zh": f"规则 {subject} 的出错告警已结束",
        "title_en": f"The alert about rule {subject} is over",
        "text_zh": f"{subject}：{how[0]}，重新参与判断。",
        "text_en": f"{subject}: {how[1]}; it is judged again.",
    }
    why = {"rule": subject, "version": episode.version, "path": [path]}
    data = {**_data(desk, episode, episode.owner, why, ""), **words, "deliveries": desk.lamp_out(episode)}
    desk.say("alert.resolved", subject, episode.alert_id, data)


def plain(error: str) -> str:
    """An error as every process would say it."""
    return _ADDRESS.sub("0x…", error)


def _data(desk: Desk, episode: Episode, owner: str, explain: dict[str, Any], value_text: str) -> dict[str, Any]:
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
        "explain": dumps(explain),
        "opened_at": episode.opened_at,
    }
