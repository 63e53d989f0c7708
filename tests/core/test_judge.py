"""Rules over facts: who is told, what is said, what an error does, what backfill does not."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from sharedchain.config import item
from sharedchain.core import fold, response
from tests.core.line import Line

WORDS = {"title": "t {{ subject }}", "text": "x"}


def rule(id_: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id_, "version": 1, "title": {"zh": "z", "en": "e"}, "on": {"event": ["lead.captured"]},
        "bands": [{"severity": "YELLOW"}], "subject": "message.lead_id",
        "to": {"YELLOW": ["role:ops"], "RED": ["role:ops"]},
        "owner": "role:ops", "mode": "suggest", "runbook": "r.md", "texts": {"zh": WORDS, "en": WORDS}, **more,
    }  # fmt: skip


def with_rules(*rules: dict[str, Any]) -> Line:
    line = Line()
    line.begin("2026-04-01 08:00", packs=["mine"])
    pack = item("pack", "mine", {"id": "mine", "rules": [one["id"] for one in rules]})
    line.configure([pack, *(item("rule", one["id"], one) for one in rules)])
    return line


def lead(line: Line, **data: Any) -> None:
    line.add("fact", "lead.captured", {"lead_id": "L-1", "owner_id": "E001", "region": "DE", **data})


def test_all_and_any_must_hold() -> None:
    when = {"all": ['message.region == "DE"'], "any": ['message.owner_id == "E001"', 'message.channel == "fair"']}
    line = with_rules(rule("R-90", when=when, one_shot=True))
    lead(line, channel=None)
    lead(line, region="BR", channel="fair")
    lead(line, owner_id="E002", channel="web")
    lead(line, owner_id="E002", channel="fair")
    assert [(alert[1], alert[2]) for alert in line.alerts()] == [("raised", "R-90")] * 2


def test_a_rule_without_one_shot_is_an_episode_of_its_subject() -> None:
    line = with_rules(rule("R-90", when={"all": ['message.region == "DE"']}))
    for region in ("DE", "DE", "BR", "BR", "DE"):
        lead(line, region=region)
    assert [alert[1] for alert in line.alerts()] == ["raised", "resolved", "raised"]
    ids = [d.data["alert_id"] for d in line.said if d.type.startswith("alert.")]
    assert ids[0] == ids[1] != ids[2]


def test_bands_over_a_number_of_the_event_compare_exactly() -> None:
    bands = [{"severity": "YELLOW", "at_least": "0.10"}, {"severity": "RED", "at_least": "0.30"}]
    line = with_rules(rule("R-90", bands=bands, value="message.share"))
    for share in ("0.0999999999999999999", "0.10", "0.30"):
        lead(line, share=Decimal(share))
    assert [(alert[1], alert[4]) for alert in line.alerts()] == [("raised", "YELLOW"), ("escalated", "RED")]


def test_a_rule_that_errs_is_one_alert_to_operations_and_rings_nothing() -> None:
    line = with_rules(rule("R-90", when={"all": ["message.region > 3"]}), rule("R-91", one_shot=True))
    lead(line)
    lead(line)
    alerts = line.alerts()
    assert [(a[1], a[2], a[3]) for a in alerts if a[2] != "R-91"] == [("raised", "R-00", "R-90")]
    assert [a[5] for a in alerts if a[2] == "R-00"] == [["E091"]]
    assert sum(a[2] == "R-91" for a in alerts) == 2


def test_a_text_that_fails_still_tells_the_alert() -> None:
    texts = {"zh": {"title": "{{ message.absent.deeper }}", "text": "x"}, "en": WORDS}
    line = with_rules(rule("R-90", texts=texts, one_shot=True))
    lead(line)
    assert [(a[1], a[2]) for a in line.alerts()] == [("raised", "R-00"), ("raised", "R-90")]
    (said,) = [d.data for d in line.said if d.type == "alert.raised" and d.data["rule_id"] == "R-90"]
    assert said["title_zh"] == "R-90 L-1"


def test_an_item_that_does_not_load_is_told_at_the_next_tick_and_the_rest_lives() -> None:
    line = with_rules(rule("R-90", one_shot=True), rule("R-91", bands=[]))
    line.tick("2026-04-01 08:01")
    lead(line)
    assert [(a[1], a[2], a[3]) for a in line.alerts()] == [("raised", "R-00", "rule/R-91"), ("raised", "R-90", "L-1")]


def test_switching_a_rule_off_ends_its_alerts() -> None:
    line = with_rules(rule("R-90", bands=[{"severity": "RED"}]))
    lead(line)
    line.configure([item("pack", "mine", {"id": "mine", "rules": []})])
    line.tick("2026-04-01 08:01")
    assert [a[1] for a in line.alerts()] == ["raised", "resolved"]
    (ended,) = [d.data for d in line.said if d.type == "alert.resolved"]
    assert ended["deliveries"] == [{"channel": "LIGHT", "recipient": "", "address": ""}]
    assert not line.state.scopes["dongchen"].episodes


def test_packs_are_per_tenant() -> None:
    line = with_rules(rule("R-90", one_shot=True))
    line.scope = "other"  # no config: pack `default`
    lead(line)
    assert line.alerts() == []


def test_backfill_rings_no_event_rule() -> None:
    line = with_rules(rule("R-90", one_shot=True))
    line.add("fact", "lead.captured", {"lead_id": "L-1"}, backfill=True)
    assert line.alerts() == []


def test_backfilled_forecasts_are_counted_but_tell_nobody() -> None:
    line = Line()
    line.begin("2026-04-20 10:00")
    line.target(200)
    line.tick("2026-04-20 10:01")
    line.forecast("BR", 1, {"": 18}, backfill=True, time=line.ms("2026-04-01 09:00"))
    line.tick("2026-04-20 10:02")
    line.tick("2026-04-21 00:00")
    (raised,) = [d for d in line.said if d.type == "alert.raised"]
    assert (raised.data["rule_id"], raised.data["deliveries"], raised.backfill) == ("R-03", [], True)
    assert line.rows("M-15", forecast="FC-BR")[-1][1] == 20  # old, and no reminder: history


def test_an_event_alert_explains_itself() -> None:
    line = with_rules(rule("R-90", when={"all": ['message.region == "DE"']}, one_shot=True))
    lead(line)
    (said,) = [d for d in line.said if d.type == "alert.raised"]
    why = json.loads(said.data["explain"])
    assert why["conditions"] == [
        {"op": "all", "cel": 'message.region == "DE"', "values": {"message.region": "DE"}, "truth": True}
    ]
    assert why["sources"] == [{"partition": said.partition, "seq": said.seq}]
    assert why["clears"] == {"by": "acknowledgement"}


def test_the_lamp_goes_out_when_a_red_alert_ends() -> None:
    line = Line()
    line.begin("2026-04-20 10:00")
    line.target(100)
    line.forecast("BR", 1, {"": 50})
    line.tick("2026-04-20 10:01")
    line.forecast("BR", 2, {"": 99})
    line.tick("2026-04-20 10:02")
    (ended,) = [d.data for d in line.said if d.type == "alert.resolved"]
    assert ended["rule_id"] == "R-03"
    assert [d["channel"] for d in ended["deliveries"]] == ["LIGHT"]


def test_one_shot_alerts_wait_for_an_answer_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "_OPEN", 50)
    line = with_rules(rule("R-90", one_shot=True))
    for _ in range(60):
        lead(line)
    before = len(fold.dump(line.state))
    for _ in range(200):
        lead(line)
    assert len(line.alerts()) == 260
    assert len(fold.dump(line.state)) < before + 2_000


def test_for_on_a_measure_fires_by_the_first_tick_at_or_past_it() -> None:
    body = rule(
        "R-90",
        on={"measure": "M-14", "dims": ["period"]},
        subject="period",
        bands=[{"severity": "RED", "under": "0.5"}],
    )
    line = with_rules({**body, "for": "10m"})
    line.target(100)
    line.forecast("BR", 1, {"": 18})
    line.tick("2026-04-01 08:01")
    line.tick("2026-04-01 08:10")
    assert line.alerts() == []
    line.tick("2026-04-01 09:30")  # nothing ticked between: late, but once
    line.tick("2026-04-01 09:31")
    assert line.alerts() == [("04-01 09:30", "raised", "R-90", "2026Q2", "RED", ["E091"])]


LATE = {
    "on": {"event": ["receivable.overdue"]},
    "bands": [{"severity": "YELLOW", "at_least": "1"}, {"severity": "RED", "at_least": "30"}],
    "subject": ["message.receivable_id", "message.instalment_no"],
    "value": "message.days",
    "unit": "d",
    "clear": [
        {"event": ["receivable.settled"], "subject": ["message.receivable_id", "message.instalment_no"]},
    ],
}


def test_a_rule_with_clear_goes_on_until_its_event_comes() -> None:
    line = with_rules(rule("R-90", **LATE))
    line.instalment("overdue", "AR-1", 1, 1)
    line.instalment("overdue", "AR-1", 1, 0)  # does not meet the bands: nothing
    line.instalment("overdue", "AR-1", 2, 2)
    line.instalment("settled", "AR-1", 3, 0)
    line.state = fold.load(fold.dump(line.state))
    line.instalment("overdue", "AR-1", 1, 30)
    line.instalment("settled", "AR-1", 1, 31)
    line.instalment("settled", "AR-1", 1, 31)
    assert [(a[1], a[3], a[4]) for a in line.alerts()] == [
        ("raised", "AR-1/1", "YELLOW"),
        ("raised", "AR-1/2", "YELLOW"),
        ("escalated", "AR-1/1", "RED"),
        ("resolved", "AR-1/1", "RED"),
    ]
    assert list(line.state.scopes["dongchen"].episodes) == ["R-90|AR-1/2"]


def test_what_was_cleared_says_what_it_was_and_by_what_and_puts_the_lamp_out() -> None:
    line = with_rules(rule("R-90", **LATE))
    line.instalment("overdue", "AR-1", 1, 30)
    line.state = fold.load(fold.dump(line.state))
    (ended,) = line.instalment("settled", "AR-1", 1, 31)
    data, why = ended.data, json.loads(ended.data["explain"])
    assert (data["value"], data["value_text"], data["unit"]) == (Decimal(30), "30 d", "d")
    assert data["deliveries"] == [{"channel": "LIGHT", "recipient": "", "address": ""}]
    assert data["title_en"] == "e is over: AR-1/1"
    assert why["conditions"] == [{"op": "clear", "event": "receivable.settled", "truth": True}]
    assert why["sources"] == [{"partition": 3, "seq": line.facts[-1].seq}]
    assert data["alert_id"] == next(d.data["alert_id"] for d in line.said if d.type == "alert.raised")


def test_clearing_has_conditions_of_its_own() -> None:
    when = {"all": ["message.closed"]}
    clear = [{"event": ["receivable.settled"], "subject": "message.receivable_id", "when": when}]
    line = with_rules(rule("R-90", **{**LATE, "subject": "message.receivable_id", "clear": clear}))
    line.instalment("overdue", "AR-1", 1, 1)
    assert line.instalment("settled", "AR-1", 1, 2) == []
    line.add("fact", "receivable.settled", {"receivable_id": "AR-1", "closed": True})
    assert [a[1] for a in line.alerts()] == ["raised", "resolved"]


def test_a_backfilled_event_clears_and_its_lamp_goes_out_but_rings_nothing() -> None:
    line = with_rules(rule("R-90", **LATE))
    assert line.instalment("overdue", "AR-9", 1, 40, backfill=True) == []
    line.instalment("overdue", "AR-1", 1, 40)
    (ended,) = line.instalment("settled", "AR-1", 1, 41, backfill=True)
    assert (ended.type, ended.backfill, len(ended.data["deliveries"])) == ("alert.resolved", False, 1)


PLANT = {
    "on": {"event": ["sensor.reading"]},
    "with": {"point": {"entity": "setpoint", "id": ["message.equipment_id", "message.metric"]}},
    "if": ["message.unit == point.unit"],
    "when": {"any": ["message.value < point.low", "message.value > point.high"]},
    "subject": "message.equipment_id",
    "part": "message.metric",
    "value": ["message.metric", "message.value"],
    "unit": "point.unit",
}


def coffee(**more: Any) -> Line:
    line = with_rules(rule("R-90", **(PLANT | more)))
    line.equipment("EQ", "ST", temperature=("93", "2", "°C"), pressure=("9.0", "0.9", "bar"))
    return line


def test_a_row_that_is_missing_or_a_guard_that_does_not_hold_is_no_look() -> None:
    line = coffee()
    line.reading("EQ", "temperature", "99")
    line.reading("EQ", "temperature", "93", unit="°F")  # good by number, but not looked at
    line.reading("EQ", "wear", "99")
    line.reading("EQ-9", "temperature", "99")
    assert [(a[1], a[3]) for a in line.alerts()] == [("raised", "EQ")]
    line.reading("EQ", "temperature", "93")
    assert [a[1] for a in line.alerts()] == ["raised", "resolved"]


def test_parts_of_a_subject_have_their_own_alerts() -> None:
    line = coffee()
    line.reading("EQ", "temperature", "99")
    line.reading("EQ", "pressure", "7.6", unit="bar")
    line.state = fold.load(fold.dump(line.state))
    line.reading("EQ", "pressure", "9.0", unit="bar")
    said = [d.data for d in line.said if d.type.startswith("alert.")]
    assert [d["value_text"] for d in said] == ["temperature 99 °C", "pressure 7.6 bar", "pressure 9 bar"]
    assert said[1]["alert_id"] == said[2]["alert_id"] != said[0]["alert_id"]
    assert list(line.state.scopes["dongchen"].episodes) == ["R-90|EQ|temperature"]


def test_parts_that_end_at_once_are_two_events() -> None:
    line = coffee()
    line.reading("EQ", "temperature", "99")
    line.reading("EQ", "pressure", "7.6", unit="bar")
    line.configure([item("pack", "mine", {"id": "mine", "rules": []})])
    said = [d for d in line.tick("2026-04-01 08:01") if d.type.startswith("alert.")]
    assert [d.type for d in said] == ["alert.resolved"] * 2
    assert len({d.id for d in said}) == 2


def test_borders_of_a_setpoint_are_exact() -> None:
    line = coffee()
    for value in ("8.1", "9.9", "8.0999"):  # 9.0 - 0.9 is 8.1 in Decimal, and is not in doubles
        line.reading("EQ", "pressure", value, unit="bar")
    assert [d.data["value_text"] for d in line.said if d.type == "alert.raised"] == ["pressure 8.0999 bar"]


def test_rows_are_sources_and_tell_who_is_told() -> None:
    rows = {
        "equipment": {"entity": "equipment", "id": "message.equipment_id"},
        "store": {"entity": "store", "id": "equipment.store_id", "optional": True},
        "point": PLANT["with"]["point"],  # type: ignore[index]
    }
    line = coffee(**{"with": rows}, subject_owner="store.manager_id", to={"YELLOW": ["owner"], "RED": ["owner"]})
    line.reading("EQ", "temperature", "99")  # no such store: the rule's `otherwise` is told
    line.reading("EQ", "temperature", "93")
    line.store("ST", "E100")
    (said,) = line.reading("EQ", "temperature", "99")
    assert [a[5] for a in line.alerts()] == [["E090"], ["E090"], ["E100"]]
    named = [line.facts[source["seq"] - 1].type for source in json.loads(said.data["explain"])["sources"]]
    assert named == ["sensor.reading", "master.equipment.upserted", "master.store.upserted"]


def test_a_guard_that_errs_is_told_and_rings_nothing() -> None:
    line = coffee(**{"if": ["message.unit > 3"]})
    line.reading("EQ", "temperature", "99")
    assert [(a[2], a[3]) for a in line.alerts()] == [("R-00", "R-90")]


CITES = {"on": {"event": ["forecast.line.unsupported"]}, "subject": "message.forecast_id"}


def test_what_the_view_derives_is_judged_behind_its_cause() -> None:
    line = with_rules(rule("R-90", **CITES))
    line.opportunity("OPP-1", 5)
    line.forecast("DE", 1, {"OPP-1": 5})
    said = line.move("opportunity.lost", "OPP-1")
    assert [d.type for d in said] == ["forecast.line.unsupported", "alert.raised"]
    assert said[1].causation == said[0].id
    assert [d.n for d in said] == [1, 2]
    (source,) = json.loads(said[1].data["explain"])["sources"]
    assert line.facts[source["seq"] - 1].type == "opportunity.lost"


def test_one_shot_alerts_of_two_lines_of_one_fact_are_two() -> None:
    line = with_rules(rule("R-90", **CITES, one_shot=True))
    said = [d for d in line.forecast("DE", 1, {"OPP-8": 5, "OPP-9": 5}) if d.type == "alert.raised"]
    assert len({d.id for d in said}) == len({d.data["alert_id"] for d in said}) == 2


def test_lines_of_history_ring_nothing() -> None:
    line = with_rules(rule("R-90", **CITES))
    line.forecast("BR", 1, {"OPP-9": 5}, backfill=True)
    line.opportunity("OPP-1", 5)
    line.forecast("DE", 1, {"OPP-1": 5})
    assert [d.type for d in line.move("opportunity.lost", "OPP-1")] == ["forecast.line.unsupported", "alert.raised"]
    line.forecast("DE", 2, {"OPP-1": 5}, backfill=True)
    assert [a[1] for a in line.alerts()] == ["raised"]


def test_the_reminder_and_the_missed_cycle_do_not_disturb_each_other() -> None:
    line = Line()
    line.begin("2026-04-20 10:00")
    line.forecast("BR", 1, {"": 18})
    for day in ("04-30", "05-01", "05-04", "05-05", "05-06"):
        line.tick(f"2026-{day} 00:00")
    line.tick("2026-05-06 10:00")
    (update, *rest) = line.forecast("BR", 2, {"": 18})
    assert [alert[:3] for alert in line.alerts()] == [
        ("05-01 00:00", "raised", "R-01"),
        ("05-05 00:00", "raised", "R-02"),
        ("05-06 10:00", "resolved", "R-01"),
        ("05-06 10:00", "resolved", "R-02"),
    ]
    assert [len(d.data["deliveries"]) for d in rest] == [0, 1]  # the lamp of R-02
    assert update.data["stale_days"] == 10
    assert sum(d.type == "forecast.refresh.requested" for d in line.said) == 1
