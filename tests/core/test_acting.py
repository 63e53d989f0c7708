"""What rules do beside their alerts: suggestions, commands, how often, and in which mode."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sharedchain.core import fold
from sharedchain.fact import Derived
from tests.core.line import Line
from tests.core.test_judge import lead, rule, with_rules

SUGGEST = {
    "derive": "retention.plan.proposed",
    "subject": "message.lead_id",
    "data": {
        "plan_id": {"cel": '"P-" + action.number'},
        "customer_id": "message.lead_id",
        "owner_id": "alert.owner",
        "text": "call today",
        "rank": {"cel": "message.n * 2", "scale": 0},
        "share": {"cel": "double(message.n) / 3.0", "scale": 2},
        "at": "alert.at",
        "urgent": True,
        "nothing": None,
    },
}
COMMAND = {"command": "case.opened", "data": {"case_id": {"cel": '"SE-" + action.number'}, "subject": "alert.subject"}}


def said(line: Line) -> list[Derived]:
    return [d for d in line.said if not d.type.startswith(("alert.", "metric.", "rule."))]


def ringing(*actions: Any, **more: Any) -> Line:
    return with_rules(rule("R-90", one_shot=True, action=list(actions), **more))


def test_a_suggestion_is_made_of_paths_words_and_cel() -> None:
    line = ringing(SUGGEST, mode="suggest")
    lead(line, n=7)
    (made,) = said(line)
    assert (made.type, made.subject, made.scope) == ("retention.plan.proposed", "L-1", "dongchen")
    assert made.data == {
        "plan_id": "P-0001", "customer_id": "L-1", "owner_id": "role:ops", "text": "call today", "rank": 14,
        "share": Decimal("2.33"), "at": line.now, "urgent": True, "nothing": None,
    }  # fmt: skip
    (alert,) = [d for d in line.said if d.type == "alert.raised"]
    assert (made.n, made.causation, made.recorded) == (alert.n + 1, alert.causation, alert.recorded)


def test_a_command_is_for_act_alone_and_observe_does_nothing() -> None:
    for mode, types in (("observe", []), ("suggest", ["retention.plan.proposed"])):
        line = ringing(SUGGEST, mode=mode)
        lead(line, n=1)
        assert [d.type for d in said(line)] == types
    line = ringing(SUGGEST, COMMAND, mode="act")
    lead(line, n=1)
    lead(line, n=1)
    assert [(d.type, d.data.get("case_id")) for d in said(line)] == [
        ("retention.plan.proposed", None), ("case.opened", "SE-0001"),
        ("retention.plan.proposed", None), ("case.opened", "SE-0002"),
    ]  # fmt: skip
    assert len({d.id for d in said(line)}) == 4


def test_an_action_with_a_condition_is_left_out_unless_it_holds() -> None:
    line = ringing({**SUGGEST, "when": "message.n > 1"}, COMMAND, mode="act", caps={"per_day": 2})
    lead(line, n=1)
    lead(line, n=2)
    assert [d.type for d in said(line)] == ["case.opened", "retention.plan.proposed", "case.opened"]
    line = ringing({**COMMAND, "when": "message.n > 1"}, mode="act", caps={"per_day": 1})
    lead(line, n=1)  # what is left out does not count
    lead(line, n=2)
    assert [d.type for d in said(line)] == ["case.opened"]


def test_a_condition_of_an_action_that_errs_is_told_and_nothing_is_done() -> None:
    line = ringing({**SUGGEST, "when": "message.n / 0 > 1"}, COMMAND, mode="act")
    lead(line, n=1)
    assert [d.type for d in said(line)] == ["case.opened"]
    assert [alert[2] for alert in line.alerts()] == ["R-90", "R-00"]


def test_what_is_only_observed_rings_and_tells_nobody() -> None:
    line = ringing(mode="observe")
    lead(line)
    assert [(alert[1], alert[2]) for alert in line.alerts()] == [("raised", "R-90")]
    assert [d.data["deliveries"] for d in line.said if d.type == "alert.raised"] == [[]]


def test_more_than_its_cap_a_rule_suggests_and_its_owner_hears_of_it_once() -> None:
    line = ringing(COMMAND, SUGGEST, mode="act", caps={"per_day": 2})
    for _ in range(5):
        lead(line, n=1)
    assert [d.type for d in said(line)].count("case.opened") == 2
    assert [d.type for d in said(line)].count("retention.plan.proposed") == 5
    told = [alert[3] for alert in line.alerts() if alert[2] == "R-00"]
    assert told == ["R-90 2026-04-01"]
    line.tick("2026-04-02 00:00")
    lead(line, n=1)
    assert [d.type for d in said(line)].count("case.opened") == 3


def test_an_action_that_errs_says_nothing_and_the_alert_stands() -> None:
    line = ringing({**SUGGEST, "data": {"plan_id": {"cel": "message.n / 0"}}}, COMMAND, mode="act")
    lead(line, n=7)
    assert [d.type for d in said(line)] == ["case.opened"]
    assert [(alert[1], alert[2]) for alert in line.alerts()] == [("raised", "R-90"), ("raised", "R-00")]


def test_history_asks_for_nothing() -> None:
    line = ringing(SUGGEST, COMMAND, mode="act")
    line.add("fact", "lead.captured", {"lead_id": "L-1", "owner_id": "E001"}, backfill=True)
    assert said(line) == []


@pytest.mark.parametrize("restart", [False, True])
def test_ids_and_numbers_are_those_of_every_replay(restart: bool) -> None:
    line = ringing(SUGGEST, COMMAND, mode="act")
    for n in range(3):
        lead(line, n=n)
        if restart:
            line.state = fold.load(fold.dump(line.state))
    again, _ = fold.new_state(), None
    _, told = fold.step(again, line.facts)
    assert told == line.said
