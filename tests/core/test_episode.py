"""The automaton, transition by transition, and as a whole under random conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sharedchain.core.episode import Transition, advance, expire
from sharedchain.core.rule import Rule
from sharedchain.core.state import Episode
from sharedchain.core.wording import Severity, rank

MINUTE = 60_000


def rule(**more: Any) -> Rule:
    said = {"title": "t", "text": "t"}
    body: dict[str, Any] = {
        "id": "R-99", "version": 1, "title": {"zh": "z", "en": "e"}, "on": {"measure": "M-14"}, "subject": "period",
        "bands": [{"severity": "YELLOW", "under": "0.95"}, {"severity": "RED", "under": "0.85"}],
        "to": {"YELLOW": ["owner"], "RED": ["owner"]}, "owner": "role:ops", "mode": "suggest", "runbook": "r.md",
        "texts": {"zh": said, "en": said},
    }  # fmt: skip
    return Rule.model_validate(body | more)


def play(rule_: Rule, steps: Sequence[tuple[int, Severity | None]]) -> list[tuple[int, Transition]]:
    """(minute, transition) of a condition that is judged, and whose timer is asked, at each given minute."""
    episode: Episode | None = None
    told: list[tuple[int, Transition]] = []
    for minute, severity in steps:
        if episode is not None:
            episode, transition = expire(rule_, episode, minute * MINUTE)
            told += [(minute, transition)] if transition else []
        episode, transition = advance(rule_, "s", episode, severity, minute * MINUTE)
        told += [(minute, transition)] if transition else []
    return told


def test_raised_escalated_resolved() -> None:
    assert play(rule(), [(0, None), (1, "YELLOW"), (2, "YELLOW"), (3, "RED"), (4, None)]) == [
        (1, "raised"),
        (3, "escalated"),
        (4, "resolved"),
    ]


def test_falling_is_silent_and_red_is_told_once() -> None:
    assert play(rule(), [(1, "RED"), (2, "YELLOW"), (3, "RED"), (4, "YELLOW")]) == [(1, "raised")]


def test_a_new_episode_after_the_old_one() -> None:
    assert play(rule(), [(1, "YELLOW"), (2, None), (3, "YELLOW")]) == [(1, "raised"), (2, "resolved"), (3, "raised")]


def test_for_waits_and_forgets_what_did_not_last() -> None:
    patient = rule(**{"for": "10m"})
    assert play(patient, [(0, "YELLOW"), (9, None), (10, "YELLOW"), (19, "RED"), (20, "RED")]) == [(20, "raised")]


def test_keep_firing_for_rides_over_a_gap() -> None:
    sticky = rule(keep_firing_for="5m")
    assert play(sticky, [(0, "RED"), (1, None), (4, "RED"), (5, None), (9, None), (10, None)]) == [
        (0, "raised"),
        (10, "resolved"),
    ]


severities = st.sampled_from([None, "YELLOW", "RED"])


@settings(deadline=None)
@given(st.lists(severities, max_size=30), st.sampled_from([{}, {"for": "3m"}, {"keep_firing_for": "2m"}]))
def test_transitions_always_alternate(conditions: list[Severity | None], more: dict[str, str]) -> None:
    told = [transition for _, transition in play(rule(**more), list(enumerate(conditions)))]
    inside = False
    for transition in told:
        assert inside is (transition != "raised")
        inside = transition != "resolved"


@settings(deadline=None)
@given(st.lists(severities, min_size=1, max_size=30))
def test_what_is_open_is_as_severe_as_the_worst_since_it_opened(conditions: list[Severity | None]) -> None:
    episode, worst = None, -1
    for minute, severity in enumerate(conditions):
        episode, _ = advance(rule(), "s", episode, severity, minute * MINUTE)
        worst = max(worst, rank(severity)) if severity else -1
        assert (rank(episode.severity) if episode and episode.severity else -1) == worst
