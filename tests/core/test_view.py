"""What a rule sees of an event: elements, remembered and computed values; and its timers, in the fold."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from sharedchain.core.fold import dump, load
from tests.core.line import Line
from tests.core.test_judge import lead, rule, with_rules

WEAR = {"on": {"event": ["sensor.reading"]}, "subject": "message.equipment_id", "part": "message.metric"}


def read(line: Line, value: str, metric: str = "wear", **more: Any) -> None:
    line.now += 1_000
    data = {"equipment_id": "EQ-1", "metric": metric, "value": Decimal(value), "unit": None, "component_id": "B"}
    line.add("fact", "sensor.reading", data, **more)
    line.state = load(dump(line.state))  # every step through the bytes


def told(line: Line) -> list[str]:
    return [f"{transition} {severity}" for _, transition, _, _, severity, *_ in line.alerts()]


def test_each_element_of_a_list_is_judged_by_itself() -> None:
    body = rule("R-90", each="message.lines", subject=["message.lead_id", "item.sku"], value="item.qty")
    line = with_rules(body | {"bands": [{"severity": "YELLOW", "over": 5}, {"severity": "RED", "over": 9}]})
    lead(line, lines=[{"sku": "A", "qty": 6}, {"sku": "B", "qty": 5}, {"sku": "C", "qty": 10}])
    lead(line, lines=[{"sku": "A", "qty": 5}])
    assert [(a[1], a[3], a[4]) for a in line.alerts()] == [
        ("raised", "L-1/A", "YELLOW"),
        ("raised", "L-1/C", "RED"),
        ("resolved", "L-1/A", "YELLOW"),
    ]


def test_elements_of_one_subject_share_an_alert_by_their_highest_band() -> None:
    line = with_rules(rule("R-90", each="message.lines", value="item.value", bands=BANDS))
    lead(line, lines=[Decimal("1"), Decimal("20"), Decimal("6")])
    lead(line, lines=[])
    assert told(line) == ["raised RED"]


BANDS = [{"severity": "YELLOW", "over": 5}, {"severity": "RED", "over": 9}]


def test_what_is_remembered_is_of_the_subject_and_its_part() -> None:
    seen = {"before": {"previous": "message.value"}, "n": {"count": True}}
    let = {"jump": "seen.before == null ? 0.0 : message.value - seen.before", "half": "let.jump / 2.0"}
    line = with_rules(rule("R-90", **WEAR, seen=seen, let=let, value=["let.half", "seen.n"], bands=BANDS))
    for value, metric in (("10", "wear"), ("100", "heat"), ("21", "wear"), ("100", "heat"), ("45", "wear")):
        read(line, value, metric)
    assert told(line) == ["raised YELLOW", "escalated RED"]
    (raised, _) = [d.data for d in line.said if d.type.startswith("alert.")]
    assert (raised["value"], raised["value_text"]) == (Decimal("5.5000"), "5.5 2")


def test_a_computed_value_may_read_another_in_any_order_and_a_function() -> None:
    let = {"score": {"cel": "let.z", "fn": "logistic", "scale": 4}, "z": "-4.0 + 0.05 * 60.0 + 2.0 * 1.25"}
    line = with_rules(rule("R-90", let=let, value="let.score", bands=[{"severity": "RED", "at_least": "0.8176"}]))
    lead(line)
    (raised,) = [d.data for d in line.said if d.type == "alert.raised"]
    assert raised["value"] == Decimal("0.8176")


def test_history_is_remembered_but_rings_nothing_and_fills_no_window() -> None:
    seen = {"n": {"count": True}, "lately": {"count_in": "7d"}}
    line = with_rules(rule("R-90", **WEAR, seen=seen, value=["seen.n", "seen.lately"], one_shot=True))
    for _ in range(3):
        read(line, "1", backfill=True)
    read(line, "1")
    assert [d.data["value_text"] for d in line.said if d.type == "alert.raised"] == ["4 1"]


def test_columns_that_were_declared_otherwise_start_anew() -> None:
    from sharedchain.config import item

    body = rule("R-90", **WEAR, seen={"n": {"count": True}}, value="seen.n", one_shot=True)
    line = with_rules(body)
    read(line, "1")
    line.configure([item("rule", "R-90", body | {"version": 2})])
    read(line, "1")
    line.configure([item("rule", "R-90", body | {"version": 3, "seen": {"n": {"sum": "message.value"}}})])
    read(line, "7")
    assert [d.data["value_text"] for d in line.said if d.type == "alert.raised"] == ["1", "2", "7"]


def test_what_no_event_touches_is_forgotten() -> None:
    line = with_rules(rule("R-90", **WEAR, seen={"n": {"count": True}}))
    read(line, "1")
    line.tick("2027-05-01 00:00")
    read(line, "1", "heat")
    line.tick("2027-05-07 00:00")
    assert list(line.state.scopes["dongchen"].seen) == ["R-90|EQ-1|heat"]


def test_three_in_a_row_names_its_three_facts() -> None:
    line = with_rules(rule("R-90", **WEAR, consecutive=3, value="message.value", bands=BANDS))
    for value in ("6", "6", "1", "6", "7", "8"):
        read(line, value)
    (raised,) = [d for d in line.said if d.type == "alert.raised"]
    assert [one["seq"] for one in json.loads(raised.data["explain"])["sources"]] == [
        raised.seq - 2,
        raised.seq - 1,
        raised.seq,
    ]


def test_a_condition_on_events_that_lasts_rings_by_the_clock_in_the_words_of_the_last_event() -> None:
    words = {"title": "{{ message.value|number }} {{ transition }}", "text": "{{ seen.n }}"}
    more = {"for": "5m", "keep_firing_for": "2m", "texts": {"zh": words, "en": words}, "seen": {"n": {"count": True}}}
    line = with_rules(rule("R-90", **WEAR, value="message.value", bands=BANDS, **more))
    read(line, "6")
    line.tick("2026-04-01 08:03")
    read(line, "7.5")
    line.tick("2026-04-01 08:05:00")
    assert told(line) == []
    line.tick("2026-04-01 08:05:02")
    (raised,) = [d.data for d in line.said if d.type == "alert.raised"]
    assert (raised["title_en"], raised["text_en"], raised["value"]) == ("7.5 raised", "2", Decimal("7.5000"))
    read(line, "1")
    line.tick("2026-04-01 08:07:02")
    assert told(line) == ["raised YELLOW"]
    line.tick("2026-04-01 08:07:03")
    assert told(line) == ["raised YELLOW", "resolved YELLOW"]


def test_a_band_is_left_at_its_release() -> None:
    bands = [{"severity": "YELLOW", "over": 5, "release": 3}, {"severity": "RED", "over": 9, "release": 7}]
    line = with_rules(rule("R-90", **WEAR, value="message.value", bands=bands, falls="told"))
    for value in ("4", "6", "4", "10", "8", "7", "3.1", "3", "4"):
        read(line, value)
    assert told(line) == ["raised YELLOW", "escalated RED", "eased YELLOW", "resolved YELLOW"]


def test_what_eased_goes_to_inboxes_and_puts_the_lamp_out_once() -> None:
    line = with_rules(rule("R-90", **WEAR, value="message.value", bands=BANDS, falls="told"))
    for value in ("10", "6", "1"):
        read(line, value)
    channels = [[one["channel"] for one in d.data["deliveries"]] for d in line.said if d.type.startswith("alert.")]
    assert channels == [["INBOX", "EMAIL", "IM", "LIGHT"], ["INBOX", "LIGHT"], []]


def test_two_parts_of_one_subject_that_ring_at_once_are_two_alerts() -> None:
    line = with_rules(rule("R-90", each="message.lines", part="item.value"))
    lead(line, lines=["a", "b"])
    raised = [d for d in line.said if d.type == "alert.raised"]
    assert len({d.id for d in raised}) == len({d.data["alert_id"] for d in raised}) == 2


def test_two_elements_that_do_something_about_the_same_are_two_events() -> None:
    action = {"derive": "store.task.assigned", "subject": "message.lead_id", "data": {"task_id": "action.id"}}
    body = rule("R-90", each="message.lines", subject=["message.lead_id", "item.value"], action=action)
    line = with_rules(body)
    lead(line, lines=["a", "b"])
    done = [d for d in line.said if d.type == "store.task.assigned"]
    assert [d.subject for d in done] == ["L-1", "L-1"]
    assert len({d.id for d in done}) == len({d.data["task_id"] for d in done}) == 2
