"""The facts an alert needs: removing any one of them turns it green, and a spent budget is told as such."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from sharedchain.core import fold
from sharedchain.core.minimal import Alert, Minimal, Refold, minimal
from sharedchain.core.state import Place
from sharedchain.fact import Derived
from tests.core.line import Line
from tests.core.sample import lead, rule, with_rules

BIG = {"bands": [{"severity": "YELLOW"}], "when": {"all": ["message.amount > 5.0"]}}


def sources(one: Derived) -> list[Place]:
    return [(place["partition"], place["seq"]) for place in json.loads(one.data["explain"])["sources"]]


def asked(line: Line, one: Derived, candidates: Sequence[Place], budget: int = 64) -> Minimal:
    data = one.data
    alert = Alert(line.scope, data["rule_id"], one.subject, data["severity"], (one.partition, one.seq))
    first = min(seq for _, seq in candidates)
    before = [fact for fact in line.facts if fact.seq < first]
    tail = [fact for fact in line.facts if first <= fact.seq <= one.seq]
    state, _ = fold.step(fold.new_state(), before)
    return minimal(Refold(fold.dump(state), tail, alert), candidates, budget)


def turns_green(line: Line, one: Derived, found: Minimal) -> bool:
    """By another way: the whole log folded anew without each of them, one at a time, the other candidates gone too."""
    gone = {*sources(one)} - {*found.facts}
    for place in found.facts:
        kept = [f for f in line.facts if f.seq <= one.seq and (f.partition, f.seq) not in {*gone, place}]
        _, said = fold.step(fold.new_state(), kept)
        open_ = [d for d in said if d.type.startswith("alert.") and d.data["rule_id"] == one.data["rule_id"]]
        if open_ and open_[-1].type != "alert.resolved" and open_[-1].data["severity"] == one.data["severity"]:
            return False
    return True


def test_three_in_a_row_need_the_three_and_nothing_else() -> None:
    line = with_rules(rule("R-90", **BIG, consecutive=3))
    for n, amount in enumerate((9, 1, 9, 9, 9)):
        lead(line, "L-1", amount=Decimal(amount), channel=str(n))
    (rang,) = [one for one in line.said if one.type == "alert.raised"]
    every = [(3, fact.seq) for fact in line.facts if fact.type == "lead.captured"]
    found = asked(line, rang, every)
    assert found.minimal
    assert len(found.facts) == 3
    assert found.folds <= 64
    assert turns_green(line, rang, found)


def test_a_sum_over_the_targets_and_forecasts_of_a_period_needs_only_those_without_which_it_is_green() -> None:
    line = Line()
    line.begin("2026-04-01 08:00")
    line.target(200)
    line.forecast("DE", 1, {"": 60})
    line.forecast("BR", 1, {"": 50})
    line.forecast("CN", 1, {"": 40})
    line.tick("2026-04-01 08:01")
    (rang,) = [one for one in line.said if one.type == "alert.raised" and one.data["rule_id"] == "R-03"]
    found = asked(line, rang, sources(rang))
    named = sorted(fact.type for fact in line.facts if (fact.partition, fact.seq) in found.facts)
    assert found.minimal
    assert named == ["forecast.published", "target.set"]  # one forecast short of the target is short of it already
    assert turns_green(line, rang, found)


def test_a_spent_budget_leaves_contributing_facts_and_says_so() -> None:
    line = with_rules(rule("R-90", **BIG, consecutive=3))
    for _ in range(5):
        lead(line, "L-1", amount=Decimal(9))
    rang = next(one for one in line.said if one.type == "alert.raised")
    every = [(3, fact.seq) for fact in line.facts if fact.type == "lead.captured" and fact.seq <= rang.seq]
    found = asked(line, rang, every, budget=2)
    assert (found.minimal, found.folds, found.why) == (False, 2, "stopped after 2 folds")
    assert set(found.facts) <= set(every)


def test_an_alert_that_the_log_does_not_ring_has_no_minimal_set() -> None:
    line = with_rules(rule("R-90", **BIG))
    lead(line, "L-1", amount=Decimal(9))
    (rang,) = [one for one in line.said if one.type == "alert.raised"]
    lead(line, "L-2", amount=Decimal(1))
    alert = Alert(line.scope, "R-90", "L-2", "YELLOW", (3, rang.seq + 1))
    found = minimal(Refold(fold.dump(fold.new_state()), line.facts, alert), sources(rang))
    assert (found.minimal, found.folds) == (False, 1)


def test_a_one_shot_alert_needs_its_causing_fact() -> None:
    line = with_rules(rule("R-90", **BIG, one_shot=True))
    lead(line, "L-1", amount=Decimal(9))
    (rang,) = [one for one in line.said if one.type == "alert.raised"]
    found = asked(line, rang, sources(rang))
    assert (found.minimal, found.facts) == (True, ((3, rang.seq),))
