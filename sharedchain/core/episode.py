"""The automaton of one (rule, subject): pending → firing → escalated → resolved. Pure; time is an argument."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from sharedchain.core.rule import Rule
from sharedchain.core.state import Episode
from sharedchain.core.wording import Severity, rank

Transition = Literal["raised", "escalated", "resolved"]
Outcome = tuple[Episode | None, Transition | None]


def advance(rule: Rule, subject: str, episode: Episode | None, severity: Severity | None, now: int) -> Outcome:
    """The condition holds with `severity`, or (None) does not. Falling to a lower band says nothing:
    an episode keeps the highest severity that was told."""
    if severity is None:
        return _without(rule, episode, now)
    if episode is None:
        fresh = Episode(rule.id, rule.version, subject, "firing", severity, since=now, opened_at=now)
        if rule.for_:
            return replace(fresh, status="pending", due=now + rule.for_, opened_at=0), None
        return fresh, "raised"
    if episode.status == "pending":
        return replace(episode, severity=severity), None
    if rank(severity) > rank(episode.severity):
        return replace(episode, severity=severity, due=None), "escalated"
    return replace(episode, due=None), None


def expire(episode: Episode, now: int) -> Outcome:
    """Its timer is due: a pending one has lasted long enough, a firing one has been quiet long enough."""
    if episode.due is None or now < episode.due:
        return episode, None
    if episode.status == "pending":
        return replace(episode, status="firing", opened_at=now, due=None), "raised"
    return None, "resolved"


def _without(rule: Rule, episode: Episode | None, now: int) -> Outcome:
    if episode is None or episode.status == "pending":
        return None, None
    if not rule.keep_firing_for:
        return None, "resolved"
    return (episode if episode.due is not None else replace(episode, due=now + rule.keep_firing_for)), None
