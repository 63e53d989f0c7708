"""A broken rule is never silence and never a flood: told once, held when it goes on, and nobody else notices."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sharedchain.config import item
from sharedchain.core import fold, judge, notice
from sharedchain.core.alerts import announce
from sharedchain.core.state import Fault
from tests.core.line import Line
from tests.core.sample import WORDS, alerts, lead, rule, with_rules

BROKEN = {"all": ["message.region > 3"]}  # text and number: an error of CEL, at run time only
ENDLESS = {"all": ["message.many.all(a, message.many.all(b, message.many.all(c, a + b + c >= 0)))"]}


def faults(line: Line) -> dict[str, Fault]:
    return line.state.scopes["dongchen"].faults


def hurt(line: Line, times: int) -> None:
    for n in range(times):
        lead(line, f"L-{n}")


def test_a_rule_that_errs_is_one_alert_to_its_owner_and_to_operations_however_often_it_errs() -> None:
    line = with_rules(rule("R-90", when=BROKEN), rule("R-91", one_shot=True))
    hurt(line, notice.HELD_AFTER - 1)
    assert alerts(line.said, "R-00") == ["raised R-90 YELLOW"]
    (told,) = [one.data for one in line.said if one.data.get("rule_id") == "R-00"]
    assert told["recipients"] == ["E010", "E091"]
    assert told["deliveries"]
    assert alerts(line.said, "R-90") == []
    assert len(alerts(line.said, "R-91")) == notice.HELD_AFTER - 1


def test_after_so_many_errors_it_is_held_which_is_told_in_red_and_it_is_asked_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = with_rules(rule("R-90", when=BROKEN), rule("R-91", one_shot=True))
    hurt(line, notice.HELD_AFTER)
    assert alerts(line.said, "R-00") == ["raised R-90 YELLOW", "escalated R-90 RED"]
    asked: list[str] = []
    seen = judge._judge_event

    def listen(desk: Any, one: Any, *rest: Any) -> bool:
        asked.append(one.rule.id)
        return seen(desk, one, *rest)

    monkeypatch.setattr(judge, "_judge_event", listen)
    hurt(line, 3)
    assert asked == ["R-91"] * 3
    assert len(alerts(line.said, "R-00")) == 2
    assert len(alerts(line.said, "R-91")) == notice.HELD_AFTER + 3


def test_judgements_without_an_error_take_errors_back_so_that_a_few_bad_records_silence_no_rule() -> None:
    line = with_rules(rule("R-90", when={"all": ["message.region == 'DE' || message.region > 3"]}, one_shot=True))
    for n in range(5 * notice.HELD_AFTER):
        lead(line, f"L-{n}", region="DE" if n % 2 else "BR")
    assert alerts(line.said, "R-00") == ["raised R-90 YELLOW"]
    assert len(alerts(line.said, "R-90")) == 5 * notice.HELD_AFTER // 2


def test_a_spent_budget_is_an_error_of_the_rule_and_is_never_taken_back() -> None:
    line = with_rules(rule("R-90", when=ENDLESS), rule("R-91", one_shot=True))
    for n in range(2 * notice.HELD_AFTER - 1):
        lead(line, f"L-{n}", many=[] if n % 2 else list(range(100)))
    assert alerts(line.said, "R-00") == ["raised R-90 YELLOW", "escalated R-90 RED"]
    (first, _) = [one.data for one in line.said if one.data.get("rule_id") == "R-00"]
    assert "Iteration budget exceeded" in first["text_en"]
    assert len(alerts(line.said, "R-91")) == 2 * notice.HELD_AFTER - 1


def test_a_change_of_the_rule_releases_it_and_ends_the_alert_about_it() -> None:
    line = with_rules(rule("R-90", when=BROKEN))
    hurt(line, notice.HELD_AFTER)
    line.configure([item("rule", "R-90", rule("R-90", version=2))])
    line.tick("2026-04-01 08:01")
    assert alerts(line.said, "R-00")[-1] == "resolved R-90 RED"
    assert faults(line) == {}
    lead(line)
    assert alerts(line.said, "R-90") == ["raised L-1 YELLOW"]


def test_a_change_of_something_else_releases_nothing() -> None:
    line = with_rules(rule("R-90", when=BROKEN))
    hurt(line, notice.HELD_AFTER)
    line.configure([item("rule", "R-91", rule("R-91", version=2))])
    line.tick("2026-04-01 08:01")
    assert faults(line)["R-90"].held
    assert len(alerts(line.said, "R-00")) == 2


@pytest.mark.parametrize("surprise", [ZeroDivisionError("0"), RecursionError("deep"), KeyError("x"), TypeError("t")])
def test_a_surprise_on_the_way_takes_back_what_was_said_and_stays_with_its_rule(
    surprise: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = with_rules(rule("R-90"), rule("R-91"))

    def stumble(desk: Any, case: Any, *rest: Any) -> None:
        announce(desk, case, *rest)
        if case.ready.rule.id == "R-90":
            raise surprise

    monkeypatch.setattr(judge, "announce", stumble)
    lead(line)
    assert alerts(line.said, "R-90") == []
    assert alerts(line.said, "R-91") == ["raised L-1 YELLOW"]
    assert alerts(line.said, "R-00") == ["raised R-90 YELLOW"]
    assert "R-90|L-1" not in line.state.scopes["dongchen"].episodes
    monkeypatch.undo()
    lead(line)
    assert alerts(line.said, "R-90") == ["raised L-1 YELLOW"]


def test_the_memory_of_the_process_is_no_rules_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay would have it: what depends on the machine must end the process, never become a decision."""
    line = with_rules(rule("R-90"))
    monkeypatch.setattr(judge, "announce", lambda *_: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(MemoryError):
        lead(line)


def test_an_error_names_no_address_of_an_object() -> None:
    assert notice.plain("<function f at 0x7f2a91b3c4d0> fails") == "<function f at 0x…> fails"


def test_errors_and_holds_survive_a_dump_and_are_the_same_in_a_replay() -> None:
    line = with_rules(rule("R-90", when=BROKEN))
    hurt(line, notice.HELD_AFTER - 1)
    line.state = fold.load(fold.dump(line.state))
    hurt(line, 2)
    assert alerts(line.said, "R-00") == ["raised R-90 YELLOW", "escalated R-90 RED"]
    state, said = fold.step(fold.new_state(), line.facts)
    assert said == line.said
    assert fold.dump(state) == fold.dump(line.state)


def test_a_rule_that_does_not_load_is_told_to_the_owner_it_names() -> None:
    line = with_rules(rule("R-90", bands=[]))
    line.tick("2026-04-01 08:01")
    (told,) = [one.data for one in line.said if one.data.get("rule_id") == "R-00"]
    assert (told["subject"], told["owner"], told["recipients"]) == (
        "rule/R-90",
        "role:sales_director",
        ["E010", "E091"],
    )
    line.configure([item("rule", "R-90", rule("R-90"))])
    line.tick("2026-04-01 08:02")
    assert alerts(line.said, "R-00") == ["raised rule/R-90 YELLOW", "resolved rule/R-90 YELLOW"]


def test_history_that_makes_a_rule_err_is_told_all_the_same() -> None:
    clear = [{"event": ["lead.disqualified"], "when": BROKEN, "subject": "message.lead_id"}]
    line = with_rules(rule("R-90", clear=clear))
    lead(line)
    line.add("fact", "lead.disqualified", {"lead_id": "L-1", "region": "DE"}, backfill=True)
    (told,) = [one.data for one in line.said if one.data.get("rule_id") == "R-00"]
    assert told["deliveries"]


def test_a_text_that_fails_is_the_rules_error_and_the_alert_is_told_bare() -> None:
    texts = {"zh": {"title": "{{ message.absent.deeper }}", "text": "x"}, "en": WORDS}
    line = with_rules(rule("R-90", texts=texts, one_shot=True))
    lead(line)
    assert alerts(line.said, "R-90") == ["raised L-1 YELLOW"]
    assert json.loads(next(one.data["explain"] for one in line.said if one.data.get("rule_id") == "R-00"))["error"]
