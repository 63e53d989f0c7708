"""What a rule does beside its alert when that is raised, and a derivation by itself: it derives a fact, or commands.

A suggestion stands on its live topic. A command is published to the topic of its type by the engine's own transaction
and judged by ingest like any publisher's: only in mode act, and no more a day than `caps` allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharedchain.core import notice, wire
from sharedchain.core.action import ReadyAction
from sharedchain.core.cel import CelError
from sharedchain.core.desk import Desk
from sharedchain.core.localtime import local_day
from sharedchain.core.paths import text_at
from sharedchain.core.rule import Rule
from sharedchain.core.sighted import Command, Sighted
from sharedchain.core.timers import Acted
from sharedchain.core.view import View
from sharedchain.fact import derived_id


def act(desk: Desk, rule: Rule, ready: tuple[ReadyAction, ...], context: Mapping[str, Any]) -> None:
    """Do what the rule says. `context`: what the rule saw, and `alert` with what was raised."""
    if desk.silent or rule.mode == "observe":
        return
    for index, one in enumerate(ready):
        if not _wanted(desk, rule, one, context):
            continue
        if not isinstance(one.action, Command) or (rule.mode == "act" and _within(desk, rule)):
            alert = context["alert"]
            _say(desk, rule, one, f"{rule.id}/{index}", context, alert["subject"], alert["part"])


def derive(desk: Desk, rule: Sighted, ready: tuple[ReadyAction, ...], view: View) -> None:
    """Do what a derivation says of what it saw. What it commands, it commands."""
    for index, one in enumerate(ready):
        if _wanted(desk, rule, one, view.variables):
            _say(desk, rule, one, f"{rule.id}/{index}", view.variables, view.subject, view.part)


def _wanted(desk: Desk, rule: Sighted, one: ReadyAction, context: Mapping[str, Any]) -> bool:
    wanted = one.when.truth(context) if one.when else True
    if isinstance(wanted, CelError):
        notice.erred(desk, rule, f"action {one.type}, when: {wanted.text}")
        return False
    return wanted


def _say(
    desk: Desk, rule: Sighted, one: ReadyAction, maker: str, context: Mapping[str, Any], about: str, part: str
) -> None:
    """One event, whole or not at all. `action.number` counts what rules said of its type, `action.id` is its own."""
    number = desk.scope.numbers.get(one.type, 0) + 1
    own = {"number": f"{number:04d}", "id": derived_id(desk.out.cause(desk.name), f"action/{maker}", about)[:12]}
    variables, data = {**context, "action": own}, dict[str, Any]()
    for name, value in one.fields(variables):
        if isinstance(value, CelError):
            notice.erred(desk, rule, f"action {one.type}, {name}: {value.text}")
            return
        data[name] = value
    desk.scope.numbers[one.type] = number
    subject = wire.name("/".join(filter(None, (text_at(variables, path) for path in one.action.subject)))) or about
    # two parts of one subject, or two elements of one event that do something about the same, may ring at once
    apart = (about if rule.each and subject != about else "", part)
    desk.say(one.type, subject, "|".join(filter(None, (maker, *apart))), data)


def _within(desk: Desk, rule: Rule) -> bool:
    """Whether the rule may act once more on this local day; the first time that it may not, its owner is told."""
    if rule.caps is None:
        return True
    today = local_day(desk.now, desk.settings.timezone).isoformat()
    done = desk.scope.acted.get(rule.id)
    if done is None or done.day != today:
        done = desk.scope.acted[rule.id] = Acted(today)
    done.count += 1
    if done.count == rule.caps.per_day + 1:
        notice.capped(desk, rule, today)
    return done.count <= rule.caps.per_day
