"""Rules on time: started and stopped by events, fired by ticks, whatever was down, dense or sparse."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sharedchain.config import item
from sharedchain.core import fold
from tests.core.line import Line

HOUR = 3_600_000
WORDS = {"title": "t {{ subject }}", "text": "{{ message.owner_id }} {{ value|number }} {{ transition }}"}


def rule(id_: Any = "R-90", **more: Any) -> dict[str, Any]:
    clock = {"start": ["lead.captured", "lead.contact.logged"], "stop": [{"event": ["lead.disqualified"]}]}
    return {
        "id": id_, "version": 1, "title": {"zh": "z", "en": "e"}, "on": {"clock": clock | more.pop("clock", {})},
        "unit": "h", "bands": [{"severity": "INFO", "at_least": 24}, {"severity": "RED", "at_least": 72}],
        "subject": "message.lead_id", "subject_owner": "message.owner_id",
        "to": {"INFO": ["owner"], "YELLOW": ["role:ops"], "RED": ["owner", "role:sales_director"]},
        "owner": "role:ops", "mode": "suggest", "runbook": "r.md", "texts": {"zh": WORDS, "en": WORDS}, **more,
    }  # fmt: skip


def with_rules(*rules: dict[str, Any], **tenant: Any) -> Line:
    line = Line(**{"zone": tenant["timezone"]} if "timezone" in tenant else {})
    line.begin("2026-04-01 08:00", packs=["mine"], **tenant)
    pack = item("pack", "mine", {"id": "mine", "rules": [one["id"] for one in rules]})
    line.configure([pack, *(item("rule", one["id"], one) for one in rules)])
    return line


def lead(line: Line, type_: str = "captured", id_: str = "L-1", **more: Any) -> None:
    line.add("fact", f"lead.{type_}", {"lead_id": id_, "owner_id": "E001", "region": "DE"}, **more)


def rang(line: Line) -> list[tuple[str, str, str]]:
    return [(at, how, severity) for at, how, _, _, severity, _ in line.alerts()]


def test_a_lead_without_contact_rings_and_escalates_at_its_hours() -> None:
    line = with_rules(rule())
    lead(line)
    for at in ("04-02 07:59", "04-02 08:00", "04-03 08:00", "04-04 07:59", "04-04 08:00", "04-09 08:00"):
        line.tick(f"2026-{at}")
    assert rang(line) == [("04-02 08:00", "raised", "INFO"), ("04-04 08:00", "escalated", "RED")]
    raised, escalated = (d.data for d in line.said if d.type.startswith("alert."))
    assert (raised["value"], raised["unit"], raised["text_en"]) == (Decimal("24.0000"), "h", "E001 24 raised")
    assert (raised["recipients"], escalated["recipients"]) == (["E001"], ["E001", "E010"])
    assert raised["alert_id"] == escalated["alert_id"]


def test_a_start_sets_the_clock_anew_and_ends_the_alert() -> None:
    line = with_rules(rule())
    lead(line)
    line.tick("2026-04-02 09:00")
    lead(line, "contact.logged")
    assert rang(line) == [("04-02 09:00", "raised", "INFO"), ("04-02 09:00", "resolved", "INFO")]
    line.tick("2026-04-03 08:59")
    line.tick("2026-04-03 09:00")
    assert rang(line)[2:] == [("04-03 09:00", "raised", "INFO")]


def test_a_stop_ends_clock_and_alert() -> None:
    line = with_rules(rule())
    lead(line)
    lead(line, id_="L-2")
    line.tick("2026-04-02 08:00")
    lead(line, "disqualified")
    assert [(how, subject) for _, how, _, subject, _, _ in line.alerts()] == [
        ("raised", "L-1"), ("raised", "L-2"), ("resolved", "L-1"),
    ]  # fmt: skip
    line.tick("2026-04-04 08:00")
    assert [subject for _, _, _, subject, *_ in line.alerts()[3:]] == ["L-2"]
    assert list(line.state.scopes["dongchen"].clocks) == ["R-90|L-2"]


def test_a_stop_may_have_a_condition_and_a_subject_of_its_own() -> None:
    stop = {"event": ["project.created"], "when": {"all": ['message.owner_id == "E001"']}, "subject": "message.lead"}
    line = with_rules(rule(clock={"stop": [stop]}))
    lead(line)
    line.add("fact", "project.created", {"lead": "L-1", "owner_id": "E002"})
    assert line.state.scopes["dongchen"].clocks
    line.add("fact", "project.created", {"lead": "L-1", "owner_id": "E001"})
    assert not line.state.scopes["dongchen"].clocks


def test_a_stop_with_a_shorter_subject_stops_all_that_begin_with_it() -> None:
    """Two nodes of case A and their alerts; not those of a case whose name merely begins so."""
    stop = [{"event": ["case.closed"], "subject": ["message.case_id"]}]
    line = with_rules(
        rule(subject=["message.case_id", "message.node_id"], clock={"start": ["case.node.started"], "stop": stop})
    )
    for case, name in (("A", "1"), ("A", "2"), ("A/2", "1"), ("AB", "1"), ("A", "3")):
        line.tick("2026-04-01 20:00") if name == "3" else None
        line.add("fact", "case.node.started", {"case_id": case, "node_id": name})
    line.tick("2026-04-02 08:00")
    line.state = fold.load(fold.dump(line.state))
    line.add("fact", "case.closed", {"case_id": "A"})
    assert [subject for _, how, _, subject, _, _ in line.alerts() if how == "resolved"] == ["A/1", "A/2"]
    assert sorted(line.state.scopes["dongchen"].clocks) == ["R-90|A/2/1", "R-90|AB/1"]
    line.add("fact", "case.closed", {"case_id": "A/2"})
    line.add("fact", "case.closed", {"case_id": "AB"})
    assert not line.state.scopes["dongchen"].clocks
    assert not line.state.scopes["dongchen"].heads


def test_what_came_late_does_not_turn_the_clock_back() -> None:
    line = with_rules(rule())
    line.tick("2026-04-02 00:00")
    lead(line)
    lead(line, "contact.logged", time=line.ms("2026-04-01 12:00"))
    line.tick("2026-04-02 23:59")
    assert rang(line) == []
    line.tick("2026-04-03 00:00")
    assert rang(line) == [("04-03 00:00", "raised", "INFO")]


def test_the_time_of_the_event_counts_or_when_it_was_recorded() -> None:
    """It happened at 02:00 and was told at 08:00."""
    for origin, at in (("meta.time", "04-02 02:00"), ("recorded", "04-02 08:00")):
        line = with_rules(rule(clock={"from": origin}))
        lead(line, time=line.ms("2026-04-01 02:00"))
        for hour in ("02:00", "08:00"):
            line.tick(f"2026-04-02 {hour}")
        assert rang(line) == [(at, "raised", "INFO")]


def test_an_if_that_fails_is_not_looked_at_and_a_when_that_fails_stops() -> None:
    line = with_rules(rule(**{"if": ['message.region == "DE"'], "when": {"all": ['message.owner_id == "E001"']}}))
    clocks = line.state.scopes["dongchen"].clocks
    line.add("fact", "lead.captured", {"lead_id": "L-1", "owner_id": "E001", "region": "BR"})
    assert not clocks
    lead(line)
    line.add("fact", "lead.captured", {"lead_id": "L-1", "owner_id": "E002", "region": "BR"})
    assert clocks
    line.add("fact", "lead.captured", {"lead_id": "L-1", "owner_id": "E002", "region": "DE"})
    assert not clocks


NODE = {"start": ["case.node.started"], "stop": [{"event": ["case.node.completed"]}], "from": "message.started_at",
        "due": "message.due_at"}  # fmt: skip


def node(id_: str, unit: str, bands: list[dict[str, Any]]) -> dict[str, Any]:
    made = rule(id_, clock=NODE, unit=unit, bands=bands, subject=["message.case_id", "message.node_id"])
    return made | {"subject_owner": "message.responsible_id", "texts": {"zh": PLAIN, "en": PLAIN}}


PLAIN = {"title": "t", "text": "{{ message.role }} {{ value|number }}"}


def begun(line: Line, case: str, hours: int) -> None:
    data = {"case_id": case, "node_id": "n2", "role": "buyer", "responsible_id": "E001"}
    line.add("fact", "case.node.started", data | {"started_at": line.now, "due_at": line.now + hours * HOUR})


def test_a_node_is_told_at_four_fifths_and_past_its_limit() -> None:
    line = with_rules(
        node("R-28", "share", [{"severity": "INFO", "at_least": "0.8"}]),
        node("R-29", "min", [{"severity": "RED", "over": 0}]),
    )
    line.tick("2026-04-22 10:30")
    begun(line, "SE-0001", 4)
    for at in ("13:41", "13:42", "14:30", "14:31"):
        line.tick(f"2026-04-22 {at}")
    assert line.alerts() == [
        ("04-22 13:42", "raised", "R-28", "SE-0001/n2", "INFO", ["E001"]),
        ("04-22 14:31", "raised", "R-29", "SE-0001/n2", "RED", ["E001", "E010"]),
    ]
    assert [d.data["value_text"] for d in line.said if d.type == "alert.raised"] == ["80.00 %", "1 min"]
    line.tick("2026-04-22 16:00")
    line.add("fact", "case.node.completed", {"case_id": "SE-0001", "node_id": "n2"})
    assert [(how, id_) for _, how, id_, *_ in line.alerts()[2:]] == [("resolved", "R-28"), ("resolved", "R-29")]


def test_a_due_time_that_is_not_said_starts_nothing() -> None:
    line = with_rules(node("R-29", "min", [{"severity": "RED", "over": 0}]))
    line.add("fact", "case.node.started", {"case_id": "C", "node_id": "n", "started_at": line.now, "due_at": None})
    assert not line.state.scopes["dongchen"].clocks


def days(**more: Any) -> dict[str, Any]:
    clock = {"days": "calendar"} | more.pop("clock", {})
    made: dict[str, Any] = {"unit": "d", "bands": [{"severity": "INFO", "over": 30}], "one_shot": True}
    return rule(**made | more, clock=clock)


def test_calendar_days_are_judged_at_local_midnight() -> None:
    line = with_rules(days())
    lead(line)
    for at in ("05-01 23:59", "05-02 00:00"):
        line.tick(f"2026-{at}")
    assert rang(line) == [("05-02 00:00", "raised", "INFO")]
    assert [d.data["value"] for d in line.said if d.type == "alert.raised"] == [Decimal(31)]


def test_midnight_is_where_the_company_is_and_moves_with_daylight_saving() -> None:
    """Berlin: 29 March has 23 hours. Two days after noon of the 28th is 30 March 00:00, 22:00 UTC."""
    line = with_rules(days(bands=[{"severity": "INFO", "at_least": 2}]), timezone="Europe/Berlin")
    lead(line, time=line.ms("2026-03-28 12:00"))
    line.tick("2026-04-01 08:01")
    assert rang(line) == [("04-01 08:01", "raised", "INFO")]
    (watch,) = line.state.scopes["dongchen"].clocks.values()
    assert watch.since + 2 * 24 * HOUR - line.ms("2026-03-30 00:00") == 12 * HOUR + HOUR


def test_worked_days_are_those_of_the_companys_calendar() -> None:
    """1 May is off, 9 May (a Saturday) is worked: two worked days after Thursday 30 April."""
    calendar = {"id": "mine", "title": {"zh": "z", "en": "e"}, "off": {"2026-05-01": "x", "2026-05-04": "x"}}
    clock = {"days": "working"}
    line = with_rules(rule(unit="d", bands=[{"severity": "INFO", "at_least": 2}], clock=clock), calendar="mine")
    line.configure([item("calendar", "mine", calendar)])
    line.tick("2026-04-30 10:00")
    lead(line)
    for at in ("05-05", "05-06"):
        line.tick(f"2026-{at} 00:00")
    assert rang(line) == [("05-06 00:00", "raised", "INFO")]


def test_checkpoints_judge_at_their_midnights_only() -> None:
    line = with_rules(days(bands=[{"severity": "INFO", "at_least": 10}], checkpoints=["01", "16"]))
    lead(line)
    for at in ("04-11 00:00", "04-15 23:59", "04-16 00:00"):
        line.tick(f"2026-{at}")
    assert rang(line) == [("04-16 00:00", "raised", "INFO")]


def test_history_is_settled() -> None:
    line = with_rules(rule())
    lead(line, id_="L-0", backfill=True)
    lead(line)
    line.tick("2026-04-02 08:00")
    lead(line, "contact.logged", backfill=True, time=line.ms("2026-04-02 08:00"))
    line.tick("2026-04-09 08:00")
    assert [(how, subject) for _, how, _, subject, _, _ in line.alerts()] == [("raised", "L-1"), ("resolved", "L-1")]


def test_a_one_shot_stays_and_rings_again_for_the_next_time() -> None:
    line = with_rules(days(bands=[{"severity": "INFO", "over": 1}]))
    lead(line)
    line.tick("2026-04-03 00:00")
    lead(line, "contact.logged")
    line.tick("2026-04-05 00:00")
    assert [how for _, how, *_ in line.alerts()] == ["raised", "raised"]
    assert len({d.data["alert_id"] for d in line.said if d.type == "alert.raised"}) == 2


def test_a_one_shot_escalates_as_one_alert() -> None:
    line = with_rules(rule(one_shot=True))
    lead(line)
    line.tick("2026-04-02 08:00")
    line.tick("2026-04-04 08:00")
    assert [how for _, how, *_ in line.alerts()] == ["raised", "escalated"]
    assert len({d.data["alert_id"] for d in line.said if d.type.startswith("alert.")}) == 1


def test_the_first_tick_after_a_night_of_silence_fires_what_is_due_in_its_highest_band() -> None:
    line = with_rules(rule())
    lead(line)
    line.tick("2026-04-20 08:00")
    assert rang(line) == [("04-20 08:00", "raised", "RED")]


def story(line: Line, between: Callable[[], None] = lambda: None) -> list[Any]:
    for day in range(1, 8):
        for number in range(4):
            if (day * number) % 3 != 1:
                lead(line, "captured" if day == 1 else "contact.logged", f"L-{number}")
            between()
        if day == 5:
            lead(line, "disqualified", "L-0")
        for hour in ("20:00", "23:59"):
            line.tick(f"2026-04-{day:02d} {hour}")
            between()
        line.tick(f"2026-04-{day + 1:02d} 08:00")
    return [d for d in line.said if d.type.startswith("alert.")]


def test_a_restart_changes_nothing() -> None:
    rules = rule("R-90"), days(id_="R-91", bands=[{"severity": "INFO", "over": 1}])
    plain, restarted = with_rules(*rules), with_rules(*rules)

    def restart() -> None:
        raw = fold.dump(restarted.state)
        restarted.state = fold.load(raw)
        assert fold.dump(restarted.state) == raw

    assert story(plain) == story(restarted, restart) != []


def test_dense_ticks_tell_what_sparse_ticks_tell_at_the_times_they_have() -> None:
    """Ticks at the reached moments are in both; the others say nothing."""
    sparse, dense = with_rules(rule()), with_rules(rule())
    for line, step in ((sparse, 24 * 60), (dense, 7)):
        lead(line)
        lead(line, id_="L-2", time=line.now - HOUR)
        start = line.now
        moments = {start + 24 * HOUR * n + late for n in range(5) for late in (0, -HOUR)} - {start - HOUR, start}
        for at in sorted(moments | {start + n * step * 60_000 for n in range(1, 5 * 24 * 60 // step)}):
            line.tick(at)
    keep = ("alert_id", "opened_at", "severity", "subject", "text_en", "explain")
    told = [
        [(d.recorded, d.id, *(d.data[name] for name in keep)) for d in line.said if d.type.startswith("alert.")]
        for line in (sparse, dense)
    ]
    assert [row[2:] and row[0] for row in told[0]] == [row[2:] and row[0] for row in told[1]]
    assert [row[1:6] for row in told[0]] == [row[1:6] for row in told[1]] != []


def test_a_changed_threshold_holds_for_clocks_that_run_and_tells_nothing_twice() -> None:
    line = with_rules(rule())
    lead(line)
    lead(line, id_="L-2", time=line.now + 20 * HOUR)
    line.tick("2026-04-02 08:00")
    bands = [{"severity": "INFO", "at_least": 2}, {"severity": "RED", "at_least": 48}]
    line.configure([item("rule", "R-90", rule(version=2, bands=bands))])
    line.tick("2026-04-02 08:01")
    line.tick("2026-04-03 08:00")
    assert [(at, how, subject) for at, how, _, subject, _, _ in line.alerts()] == [
        ("04-02 08:00", "raised", "L-1"), ("04-02 08:01", "raised", "L-2"), ("04-03 08:00", "escalated", "L-1"),
    ]  # fmt: skip


def test_a_rule_that_is_off_rings_nothing_and_goes_on_when_it_is_back() -> None:
    line = with_rules(rule())
    lead(line)
    line.configure([item("pack", "mine", {"id": "mine", "rules": []})])
    line.tick("2026-04-03 08:00")
    line.configure([item("pack", "mine", {"id": "mine", "rules": ["R-90"]})])
    line.tick("2026-04-03 08:01")
    assert rang(line) == [("04-03 08:01", "raised", "INFO")]


def test_an_alert_that_ended_with_its_rule_rings_again_when_that_is_back() -> None:
    line = with_rules(rule())
    lead(line)
    line.tick("2026-04-02 08:00")
    for rules, at in (([], "08:01"), (["R-90"], "08:02")):
        line.configure([item("pack", "mine", {"id": "mine", "rules": rules})])
        line.tick(f"2026-04-02 {at}")
    assert rang(line) == [
        ("04-02 08:00", "raised", "INFO"), ("04-02 08:01", "resolved", "INFO"), ("04-02 08:02", "raised", "INFO"),
    ]  # fmt: skip


def test_old_alarms_are_thrown_away() -> None:
    line = with_rules(rule())
    for _ in range(500):
        lead(line, "contact.logged")
    line.tick("2026-04-01 08:01")
    line.tick("2026-04-02 08:00")
    assert len(line.state.scopes["dongchen"].alarms) < 100


def test_a_rule_that_errs_is_told_and_others_go_on() -> None:
    broken = rule("R-91", texts={"zh": WORDS, "en": {"title": "t", "text": "{{ message.nothing.at_all }}"}})
    line = with_rules(broken, rule("R-92"))
    lead(line)
    line.tick("2026-04-02 08:00")
    line.tick("2026-04-02 08:01")
    assert [(id_, how) for _, how, id_, *_ in line.alerts()].count(("R-92", "raised")) == 1
    assert [(id_, how) for _, how, id_, *_ in line.alerts()].count(("R-00", "raised")) == 1


@pytest.mark.parametrize("region", ["DE", "BR"])
def test_scope_and_rollout_choose_whose_clocks_run(region: str) -> None:
    line = with_rules(rule(scope={"message.region": ["DE"]}, rollout=50))
    for number in range(100):
        line.add("fact", "lead.captured", {"lead_id": f"L-{number}", "owner_id": "E001", "region": region})
    count = len(line.state.scopes["dongchen"].clocks)
    assert (30 < count < 70) if region == "DE" else not count


def test_what_the_forecast_view_derives_starts_and_stops_too() -> None:
    clock = {"start": ["forecast.line.unsupported"], "stop": [{"event": ["forecast.line.cleared"]}]}
    words = {"title": "t", "text": "{{ message.line_id }}"}
    made = rule(subject="message.forecast_id", clock=clock) | {"subject_owner": "", "texts": {"zh": words, "en": words}}
    line = with_rules(made)
    line.opportunity("OPP-1", 50)
    line.forecast("DE", 1, {"OPP-1": 50})
    line.move("opportunity.lost", "OPP-1")
    line.tick("2026-04-02 08:00")
    line.forecast("DE", 2, {"": 50})
    assert rang(line) == [("04-02 08:00", "raised", "INFO"), ("04-02 08:00", "resolved", "INFO")]
