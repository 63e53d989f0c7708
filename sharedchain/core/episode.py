"""The automaton of one (rule, subject, part): watching → pending → firing → cooling. Pure; time is an argument.

A judgement says the highest band that holds, or None. With `consecutive` or `of`, a severity counts when enough of
the last judgements were at least as severe; then `for` must pass before it rings; a higher severity escalates at
once; a lower one is silent or told; when nothing counts any more, `keep_firing_for` must pass before it resolves;
then `cooldown` must pass before it can ring again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from sharedchain.core.rule import Rule
from sharedchain.core.state import Episode, Judgement, Place
from sharedchain.core.wording import SEVERITIES, Severity, rank

Transition = Literal["raised", "escalated", "eased", "resolved"]
Outcome = tuple[Episode | None, Transition | None]
NOWHERE: Place = (0, 0)


def advance(
    rule: Rule, subject: str, episode: Episode | None, severity: Severity | None, now: int, place: Place = NOWHERE
) -> Outcome:
    """One judgement: the condition holds with `severity`, or (None) does not. `place`: the fact that was judged."""
    last = _recorded(rule, episode, severity, place)
    counts = _counting(rule, last) if rule.history else severity
    if episode is None or episode.status == "watching":
        if counts is None:
            return (_watching(rule, subject, last, now) if last else None), None
        return _begin(rule, subject, counts, now, last, place)
    episode = replace(episode, last=last)
    match episode.status:
        case "pending" if counts is None:
            return (_watching(rule, subject, last, now) if last else None), None
        case "pending":
            return replace(episode, severity=counts), None
        case "cooling":
            fresh = counts is not None and episode.severity is None
            since, began = (now, place) if fresh else (episode.since, episode.began)
            return replace(episode, severity=counts, since=since, began=began), None
    return _open(rule, episode, counts, now)


def expire(rule: Rule, episode: Episode, now: int) -> Outcome:
    """Its timer is due: it lasted long enough, was quiet long enough, or may ring again."""
    if episode.due is None or now < episode.due:
        return episode, None
    if episode.status == "pending":
        return replace(episode, status="firing", opened_at=now, due=None), "raised"
    if episode.status == "firing":
        return _resolved(rule, episode, now), "resolved"
    if episode.severity is None:
        return (_watching(rule, episode.subject, episode.last, now) if episode.last else None), None
    anew = Episode(rule.id, rule.version, episode.subject, "pending", episode.severity, episode.since)
    anew = replace(
        anew, last=episode.last, held=episode.held, began=episode.began, due=episode.since + (rule.for_ or 0)
    )
    return expire(rule, anew, now)


def end(rule: Rule, episode: Episode, now: int) -> Outcome:
    """An event ends it, whatever its durations: what was counted before counts no more."""
    if episode.status == "firing":
        return _resolved(rule, replace(episode, last=[]), now), "resolved"
    if episode.status == "cooling":
        return replace(episode, severity=None, last=[], held=[]), None
    return None, None


def _begin(rule: Rule, subject: str, severity: Severity, now: int, last: list[Judgement], place: Place) -> Outcome:
    fresh = Episode(
        rule.id, rule.version, subject, "firing", severity, since=now, opened_at=now, last=last, began=place
    )
    if rule.for_:
        return replace(fresh, status="pending", due=now + rule.for_, opened_at=0), None
    return fresh, "raised"


def _open(rule: Rule, episode: Episode, severity: Severity | None, now: int) -> Outcome:
    """An open alert is judged again."""
    if severity is None:
        if not rule.keep_firing_for:
            return _resolved(rule, episode, now), "resolved"
        return (episode if episode.due is not None else replace(episode, due=now + rule.keep_firing_for)), None
    assert episode.severity is not None
    if rank(severity) > rank(episode.severity):
        return replace(episode, severity=severity, due=None), "escalated"
    if rank(severity) < rank(episode.severity) and rule.falls == "told":
        return replace(episode, severity=severity, due=None), "eased"
    return replace(episode, due=None), None


def _resolved(rule: Rule, episode: Episode, now: int) -> Episode | None:
    """What stays of an alert that is over."""
    if rule.cooldown:
        cool = Episode(rule.id, rule.version, episode.subject, "cooling", None, now, due=now + rule.cooldown)
        return replace(cool, last=episode.last)
    return _watching(rule, episode.subject, episode.last, now) if episode.last else None


def _watching(rule: Rule, subject: str, last: list[Judgement], now: int) -> Episode:
    return Episode(rule.id, rule.version, subject, "watching", None, now, last=last)


def _recorded(rule: Rule, episode: Episode | None, severity: Severity | None, place: Place) -> list[Judgement]:
    """The last m judgements, from the first one that held."""
    if rule.history is None:
        return []
    last = [*(episode.last if episode else []), Judgement(severity, place)][-rule.history.m :]
    first = next((i for i, one in enumerate(last) if one.severity), len(last))
    return last[first:]


def _counting(rule: Rule, last: list[Judgement]) -> Severity | None:
    """The highest severity that enough of the last judgements reached."""
    assert rule.history is not None
    ranks = [rank(one.severity) for one in last if one.severity]
    reached = (s for s in reversed(SEVERITIES) if sum(held >= rank(s) for held in ranks) >= rule.history.n)
    return next(reached, None)
