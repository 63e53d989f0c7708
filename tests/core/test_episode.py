"""The automaton, transition by transition, and as a whole under random conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedchain.core.episode import Transition, advance, end, expire
from sharedchain.core.rule import Rule
from sharedchain.core.state import Episode
from sharedchain.core.wording import Severity, rank
from tests.depth import examples

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


LEVELS: dict[str, Severity | None] = {".": None, "i": "INFO", "y": "YELLOW", "r": "RED"}
NAMES: dict[Transition, str] = {"raised": "+", "escalated": "^", "eased": "v", "resolved": "-"}
WAIT, STICK, COOL = {"for": "3m"}, {"keep_firing_for": "2m"}, {"cooldown": "3m"}
TWO_OF_4, THREE, TOLD = {"of": {"n": 2, "m": 4}}, {"consecutive": 3}, {"falls": "told"}

# parameters; what is judged, one a minute (a blank: only a tick); what is told: raised + escalated ^ eased v resolved -
TABLE: list[tuple[dict[str, Any], str, str]] = [
    ({}, ".yyr.", " + ^-"),
    ({}, "ryry", "+   "),  # falling is silent and the highest is told once
    ({}, "y.y", "+-+"),  # a new episode after the old one
    (TOLD, "ryry.", "+v^v-"),
    (TOLD, "iyryyi.", "+^^v v-"),
    ({"for": "10m"}, "y        .y        rr", "                    +"),
    (WAIT, "y  y", "   +"),
    (WAIT, "yr r.", "   +-"),
    (WAIT, "yy.yyyy", "      +"),  # what did not last is forgotten
    (WAIT, "y   .", "   +-"),  # by the timer alone
    (STICK, "r.r.. ", "+    -"),
    (STICK, "r. .", "+  -"),
    (STICK, "r.  y", "+  -+"),
    (STICK | TOLD, "r.y. .", "+ v  -"),  # it comes back lower: eased, and quiet begins anew
    (COOL, "y.y..y", "+-   +"),
    (COOL, "y.yyyy", "+-  +"),  # it still holds when it may ring again: the timer rings
    (COOL, "y.y.  ", "+-"),
    (COOL | WAIT, "y  y.yyyyy", "   +-   +"),
    (THREE, "yyy", "  +"),
    (THREE, "yy.yyy", "     +"),
    (THREE, "yyy.yyy", "  +-  +"),
    (THREE, "yyrrr", "  + ^"),  # three must be red before it is red
    (THREE, "ryyrr", "  +"),
    (TWO_OF_4, "y..y", "   +"),
    (TWO_OF_4, "y...y", ""),
    (TWO_OF_4, "yy..yy", " +"),  # two of the last four all the time
    (TWO_OF_4, "yy...", " +  -"),
    (TWO_OF_4 | STICK, "yy.... ", " +    -"),
    ({"consecutive": 2, "for": "2m"}, "yyyy", "   +"),
    ({"consecutive": 1}, "y.", "+-"),
]


def line(more: dict[str, Any], judged: str) -> str:
    bands = [{"severity": s, "under": "0.9"} for s in ("INFO", "YELLOW", "RED")]
    everyone = {s: ["owner"] for s in ("INFO", "YELLOW", "RED")}
    rule_ = rule(**{"bands": bands, "to": everyone} | more)
    episode: Episode | None = None
    said = ""
    for minute, level in enumerate(judged):
        now, told = minute * MINUTE, ""
        if episode is not None:
            episode, transition = expire(rule_, episode, now)
            told += NAMES[transition] if transition else ""
        if level != " ":
            episode, transition = advance(rule_, "s", episode, LEVELS[level], now)
            told += NAMES[transition] if transition else ""
        said += told or " "
    return said.rstrip()


@pytest.mark.parametrize(("more", "judged", "told"), TABLE)
def test_what_is_judged_and_what_is_told(more: dict[str, Any], judged: str, told: str) -> None:
    assert line(more, judged) == told.rstrip()


def test_an_event_that_ends_it_waits_for_nothing() -> None:
    sticky = rule(keep_firing_for="5m", cooldown="1h", consecutive=2)
    episode, _ = advance(sticky, "s", None, "RED", 0)
    episode, told = advance(sticky, "s", episode, "RED", 1)
    assert (episode and episode.status, told) == ("firing", "raised")
    assert episode is not None
    episode, told = end(sticky, episode, 2)
    assert (episode and episode.status, episode and episode.last, told) == ("cooling", [], "resolved")


def test_the_facts_that_count_are_known() -> None:
    episode: Episode | None = None
    for seq, level in enumerate(["RED", None, "RED", "RED"]):
        episode, _ = advance(rule(of={"n": 2, "m": 3}), "s", episode, level, seq, (7, seq))  # type: ignore[arg-type]
    assert episode is not None
    assert [one.place for one in episode.last if one.severity] == [(7, 2), (7, 3)]
    assert episode.began == (7, 2)


severities = st.sampled_from([None, "INFO", "YELLOW", "RED"])
durations = st.fixed_dictionaries(
    {}, optional={"for": st.sampled_from(["1m", "3m"]), "keep_firing_for": st.just("2m"), "cooldown": st.just("4m")}
)
histories = st.sampled_from([{}, {"consecutive": 2}, {"of": {"n": 2, "m": 3}}])
falls = st.sampled_from([{}, {"falls": "told"}])


class Model:
    """The same automaton said in another way: from the whole past, never from a state."""

    def __init__(self, more: dict[str, Any]) -> None:
        self.rule = rule(**more)
        self.past: list[tuple[int, Severity | None]] = []
        self.opened: int | None = None
        self.ended: int | None = None

    def counts(self, past: list[tuple[int, Severity | None]]) -> int:
        """-1, or the rank that enough of the last judgements reach."""
        n, m = (self.rule.history.n, self.rule.history.m) if self.rule.history else (1, 1)
        ranks = sorted((rank(s) if s else -1 for _, s in past[-m:]), reverse=True)
        return ranks[n - 1] if len(ranks) >= n else -1

    def since(self, wanted: bool) -> int | None:
        """When it began to count (or not to), without a break until now."""
        found = None
        for end_ in range(len(self.past), 0, -1):
            if (self.counts(self.past[:end_]) >= 0) is not wanted:
                break
            found = self.past[end_ - 1][0]
        return found


@examples(80)
@given(durations, histories, falls, st.lists(st.tuples(st.integers(1, 3), severities), max_size=25))
def test_the_automaton_agrees_with_its_past(
    more: dict[str, Any], history: dict[str, Any], told: dict[str, Any], steps: list[tuple[int, Severity | None]]
) -> None:
    """Dense ticks: whether an alert is open at a minute follows from what was judged until then."""
    model = Model({**more, **history, **told})
    rule_, episode, now = model.rule, None, 0
    for gap, severity in steps:
        for minute in range(now + 1, now + gap + 1):
            if episode is not None:
                episode, _ = expire(rule_, episode, minute * MINUTE)
            _agree(model, episode, minute * MINUTE)
        now += gap
        episode, _ = advance(rule_, "s", episode, severity, now * MINUTE)
        model.past.append((now * MINUTE, severity))
        _agree(model, episode, now * MINUTE)


def _agree(model: Model, episode: Episode | None, now: int) -> None:
    rule_, firing = model.rule, episode is not None and episode.status == "firing"
    since, quiet = model.since(True), model.since(False)
    cool = model.ended is not None and now < model.ended + (rule_.cooldown or 0)
    if model.opened is None and since is not None and now >= since + (rule_.for_ or 0) and not cool:
        model.opened = now
    elif model.opened is not None and since is None and now >= (quiet or 0) + (rule_.keep_firing_for or 0):
        model.opened, model.ended = None, now
    assert firing is (model.opened is not None), (now // MINUTE, episode)
    if episode is not None and firing and not rule_.keep_firing_for and rule_.falls == "told":
        assert episode.severity is not None
        assert rank(episode.severity) == model.counts(model.past)


@examples(60)
@given(durations, histories, falls, st.lists(severities, max_size=30))
def test_transitions_always_alternate(
    more: dict[str, Any], history: dict[str, Any], fall: dict[str, Any], conditions: list[Severity | None]
) -> None:
    told = [transition for _, transition in play(rule(**{**more, **history, **fall}), list(enumerate(conditions)))]
    inside = False
    for transition in told:
        assert inside is (transition != "raised")
        inside = transition != "resolved"


@examples(50)
@given(st.lists(severities, min_size=1, max_size=30))
def test_what_is_open_is_as_severe_as_the_worst_since_it_opened(conditions: list[Severity | None]) -> None:
    episode, worst = None, -1
    for minute, severity in enumerate(conditions):
        episode, _ = advance(rule(), "s", episode, severity, minute * MINUTE)
        worst = max(worst, rank(severity)) if severity else -1
        assert (rank(episode.severity) if episode and episode.severity else -1) == worst
