"""Rules over facts: who is told, what is said, what an error does, what backfill does not."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from sharedchain.config import item
from sharedchain.core import fold
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
    (said,) = [d.data for d in line.said if d.data.get("rule_id") == "R-90"]
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


def test_one_shot_alerts_leave_no_state_behind() -> None:
    line = with_rules(rule("R-90", one_shot=True))
    before = len(fold.dump(line.state))
    for _ in range(200):
        lead(line)
    assert len(line.alerts()) == 200
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
