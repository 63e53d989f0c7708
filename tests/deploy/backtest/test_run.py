"""A back-test is the live fold with other rules: nothing is missed, nothing is known too early."""

from __future__ import annotations

from decimal import Decimal
from unittest.mock import Mock

import pytest

from deploy.backtest.overlay import Candidate
from deploy.backtest.run import END, backtest, folded
from sharedchain.config import ConfigItem, item
from sharedchain.core import ruleset
from sharedchain.yamlfile import read
from tests.core.line import Line, our_bundle
from tests.house.tree import ROOT

LIVE = Candidate("live")


def rule(id_: str, domain: str = "sales", **other: object) -> ConfigItem:
    return item("rule", id_, read(ROOT / f"rules/{domain}/{id_}.yaml").value | other)


@pytest.fixture(scope="module")
def line() -> Line:
    """Two weeks in which a forecast goes stale and covers less and less of its target."""
    story = Line()
    story.begin("2026-04-19 09:00")
    story.target(200)
    story.tick("2026-04-20 10:00")
    story.forecast("DE", 1, {"": 190})
    for day in range(21, 31):
        story.tick(f"2026-04-{day} 00:00")
    story.tick("2026-05-01 00:00")
    story.tick("2026-05-01 10:00")
    story.forecast("DE", 2, {"": 160})
    story.tick("2026-05-01 10:01")
    story.tick("2026-05-02 00:00")
    return story


def rang(line: Line, candidate: Candidate, since: int = 0, until: int = END) -> list[tuple[str, str, str, str | None]]:
    return sorted(
        (a.rule, a.subject, line.local(a.opened), None if a.ended is None else line.local(a.ended))
        for a in backtest(line.facts, candidate, since=since, until=until)
    )


def test_the_log_as_it_is_says_again_what_it_said(line: Line) -> None:
    said = [event for seen in folded(line.facts, [LIVE]) for event in seen.derived]
    assert said == line.said
    assert rang(line, LIVE) == [
        ("R-01", "FC-DE", "05-01 00:00", "05-01 10:00"),
        ("R-03", "2026Q2", "05-01 10:01", None),
        ("R-07", "2026Q2", "05-01 10:01", None),
    ]


def test_another_threshold_rings_on_another_day(line: Line) -> None:
    sooner = Candidate("8 days", (rule("R-01", bands=[{"severity": "YELLOW", "over": 8}]),))
    assert rang(line, sooner)[0] == ("R-01", "FC-DE", "04-29 00:00", "05-01 10:00")
    assert rang(line, sooner)[1:] == rang(line, LIVE)[1:]  # the other rules stand as they were


def test_a_whole_folder_stands_instead_of_the_log(line: Line) -> None:
    ours = tuple(one for one in our_bundle() if one.kind in ("rule", "measure", "pack", "route"))
    kinds = frozenset(one.kind for one in ours)
    assert rang(line, Candidate("ours", ours, whole=kinds)) == rang(line, LIVE)
    without = tuple(one for one in ours if one.name != "R-01")
    assert [row[0] for row in rang(line, Candidate("without", without, whole=kinds))] == ["R-03", "R-07"]


def test_a_rule_that_no_pack_holds_is_on_for_everybody(line: Line) -> None:
    new = rule("R-03", id="R-93", bands=[{"severity": "RED", "under": Decimal("0.96")}], to={"RED": ["role:president"]})
    off, on = Candidate("off", (new,)), Candidate("on", (new,), on=("R-93",))
    assert [row for row in rang(line, off) if row[0] == "R-93"] == []
    (alarm,) = (a for a in backtest(line.facts, on) if a.rule == "R-93")
    assert (alarm.told, alarm.severity, line.local(alarm.opened)) == (("E000",), "RED", "04-21 00:00")


def test_the_window_keeps_what_rang_in_it_whenever_it_began(line: Line) -> None:
    assert [row[0] for row in rang(line, LIVE, since=line.ms("2026-05-01 10:01"))] == ["R-03", "R-07"]
    until = rang(line, LIVE, until=line.ms("2026-05-01 10:00"))
    assert until == [("R-01", "FC-DE", "05-01 00:00", None)]  # nobody knew yet that it would end


def test_rules_are_compiled_for_who_needs_them_and_not_for_each_item_of_a_config(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Mock(wraps=ruleset._compile)
    monkeypatch.setattr(ruleset, "_CACHE", {})
    monkeypatch.setattr(ruleset, "_compile", spy)
    facts = [fact for fact in line.facts if fact.kind != "tick"]
    list(folded(facts, [LIVE], clock=True, until=line.ms("2026-04-20 10:00")))
    assert sum(fact.kind == "config" for fact in facts) > 100
    assert spy.call_count == 1


def test_ticks_made_of_the_facts_alone_are_enough(line: Line) -> None:
    facts = [fact for fact in line.facts if fact.kind != "tick"]
    assert len(facts) < len(line.facts)
    made = sorted(
        (a.rule, a.subject, line.local(a.opened), None if a.ended is None else line.local(a.ended))
        for a in backtest(facts, LIVE, clock=True, until=line.ms("2026-05-02 00:00"))
    )
    assert made == rang(line, LIVE)
