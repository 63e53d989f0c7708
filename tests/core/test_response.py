"""Acknowledging: what ends by it, what is only marked."""

from __future__ import annotations

import json
from typing import Any

from sharedchain.core import fold
from tests.core.line import Line
from tests.core.test_judge import lead, rule, with_rules


def acknowledge(line: Line, alert_id: str, **more: Any) -> None:
    data = {"alert_id": alert_id, "by": "E010", "note": "done", "at": None}
    line.add("fact", "alert.acknowledged", data, **more)


def ids(line: Line) -> list[str]:
    return [d.data["alert_id"] for d in line.said if d.type == "alert.raised"]


def test_an_answer_ends_a_one_shot_alert_and_puts_its_lamp_out() -> None:
    line = with_rules(rule("R-90", one_shot=True, bands=[{"severity": "RED"}], value="message.lead_id"))
    lead(line)
    lead(line)
    first, second = ids(line)
    acknowledge(line, second)
    line.state = fold.load(fold.dump(line.state))
    acknowledge(line, second)
    (ended,) = [d.data for d in line.said if d.type == "alert.resolved"]
    assert (ended["alert_id"], ended["subject"], ended["severity"]) == (second, "L-1", "RED")
    assert [one["channel"] for one in ended["deliveries"]] == ["LIGHT"]
    why = json.loads(ended["explain"])
    assert why["path"] == ["firing", "acknowledged"]
    assert why["conditions"] == [{"op": "acknowledged", "by": "E010", "note": "done", "truth": True}]
    assert "E010" in ended["text_en"]
    assert list(line.state.scopes["dongchen"].shots) == [first]


def test_an_answer_to_an_open_alert_is_remembered_and_ends_nothing() -> None:
    line = with_rules(rule("R-90", when={"all": ['message.region == "DE"']}))
    lead(line)
    acknowledge(line, ids(line)[0])
    (episode,) = line.state.scopes["dongchen"].episodes.values()
    assert episode.acknowledged == "E010"
    assert [alert[1] for alert in line.alerts()] == ["raised"]
    lead(line, region="BR")
    assert [alert[1] for alert in line.alerts()] == ["raised", "resolved"]


def test_an_answer_about_a_rule_that_errs_ends_that_alert() -> None:
    line = with_rules(rule("R-90", when={"all": ["message.n / 0 > 1"]}))
    lead(line, n=1)
    acknowledge(line, ids(line)[0])
    assert [(alert[1], alert[2]) for alert in line.alerts()] == [("raised", "R-00"), ("resolved", "R-00")]


def test_an_answer_to_nothing_says_nothing() -> None:
    line = with_rules(rule("R-90"))
    acknowledge(line, "no such alert")
    assert line.alerts() == []


def test_the_alert_of_a_rule_that_is_off_ends_in_built_in_words() -> None:
    line = with_rules(rule("R-90", one_shot=True))
    lead(line)
    line.state.scopes["dongchen"].shots[ids(line)[0]].rule = "R-99"
    acknowledge(line, ids(line)[0])
    (ended,) = [d.data for d in line.said if d.type == "alert.resolved"]
    assert ended["title_en"] == "Rule R-99 was switched off: L-1"
