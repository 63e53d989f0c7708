"""The lead-to-cash part of mission D, folded by the core alone: exact alerts, times, values and people.

What ingest derives (opportunities, contracts, overdue instalments) is said here as ingest would say it.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

import pytest

from sharedchain.core import fold
from sharedchain.core.ruleset import ruleset
from sharedchain.fact import Derived
from tests.core.line import MILLION, Line

FIRST = ("2026-04-20 10:00", [("DE", 1, {"OPP-1": 48, "": 20}), ("BR", 1, {"OPP-2": 36, "": 18})])


@pytest.fixture(scope="module")
def line() -> Line:
    """15 March to 5 May, ticked sparsely as mission D.1 allows."""
    story = Line()
    story.begin("2026-03-15 08:00")
    assert not ruleset(story.state).broken
    until_may(story)
    may(story)
    return story


def until_may(story: Line) -> None:
    story.target(200)
    story.store("ST-018", "E100")
    story.equipment("EQ-COF-03", "ST-018", temperature=("93.0", "2.0", "°C"))
    story.tick("2026-03-15 08:01")
    story.refuse("master.customer.upserted", "C-CN-99", "decision_chain", owner="E003")
    days(story, "2026-03-16", "2026-04-05")
    story.tick("2026-04-05 09:00")
    story.refuse("lead.captured", "LEAD-0099", "expected_amount", owner="E003")
    days(story, "2026-04-06", "2026-04-12")
    story.tick("2026-04-12 09:00")
    for id_, amount in {"OPP-1": 48, "OPP-2": 36, "OPP-3": 30, "OPP-4": 12}.items():
        story.opportunity(id_, amount)
    story.tick("2026-04-13 00:00")
    story.tick("2026-04-13 10:00")
    story.refuse("opportunity.stage.changed", "OPP-2", "to", "E002", "transition", "FOLLOWING → SIGNED")
    story.tick("2026-04-13 10:05")
    story.refuse("opportunity.stage.changed", "OPP-3", "to", "E003", "unknown_term", "谈判中")
    days(story, "2026-04-14", "2026-04-20")
    story.tick("2026-04-20 10:00")
    story.forecast("DE", 1, {"OPP-1": 48, "": 20})
    story.forecast("BR", 1, {"OPP-2": 36, "": 18})
    story.forecast("CN", 1, {"OPP-3": 30, "OPP-4": 12, "": 14})
    story.tick("2026-04-20 10:01")
    days(story, "2026-04-21", "2026-04-28")
    story.tick("2026-04-28 15:00")
    story.forecast("DE", 2, {"OPP-1": 48, "": 20})
    story.tick("2026-04-28 15:01")
    story.tick("2026-04-29 00:00")
    story.tick("2026-04-29 10:00")
    story.forecast("CN", 2, {"OPP-3": 30, "OPP-4": 12, "": 14})
    story.tick("2026-04-29 14:00")
    story.move("opportunity.signed", "OPP-1", amount=48 * MILLION, currency="CNY", customer_id="C-DE-01")
    story.contract("CT-2026-0001", "OPP-1")
    story.tick("2026-04-30 00:00")
    for minute, value in enumerate(("93.1", "92.8", "96.4", "95.5", "93.8", "93.0")):
        story.tick(f"2026-04-30 07:0{minute}")
        story.reading("EQ-COF-03", "temperature", value)


def may(story: Line) -> None:
    story.tick("2026-05-01 00:00")
    story.tick("2026-05-01 10:00")
    story.forecast("BR", 2, {"OPP-2": 36, "": 12})
    story.tick("2026-05-01 10:01")
    story.tick("2026-05-02 00:00")
    story.tick("2026-05-02 09:00")
    story.move("opportunity.lost", "OPP-4")
    story.tick("2026-05-02 11:00")
    story.forecast("CN", 3, {"OPP-3": 30, "": 14})
    story.tick("2026-05-02 11:01")
    story.tick("2026-05-03 00:00")
    story.tick("2026-05-03 15:00")
    story.move("opportunity.signed", "OPP-3", amount=30 * MILLION, currency="CNY", customer_id="C-CN-01")
    story.contract("CT-2026-0002", "OPP-3", "legal")
    story.tick("2026-05-03 17:00")
    story.approved("CT-2026-0002", "OPP-3")
    story.tick("2026-05-04 00:00")
    story.instalment("overdue", "AR-0001", 1, 1)
    story.tick("2026-05-05 00:00")
    story.tick("2026-05-05 10:00")
    story.instalment("settled", "AR-0001", 1, 2)


def days(story: Line, first: str, last: str) -> None:
    """Tick each local midnight from `first` to `last`."""
    at, end = story.ms(f"{first} 00:00"), story.ms(f"{last} 00:00")
    while at <= end:
        story.tick(at)
        at += 86_400_000


def test_the_alerts_are_exactly_these(line: Line) -> None:
    assert line.alerts() == [
        ("03-15 08:01", "raised", "R-16", "C-CN-99", "YELLOW", ["E090"]),
        ("04-05 09:00", "raised", "R-15", "LEAD-0099", "YELLOW", ["E003"]),
        ("04-13 10:00", "raised", "R-13", "OPP-2", "YELLOW", ["E002", "E010"]),
        ("04-13 10:05", "raised", "R-17", "OPP-3", "YELLOW", ["E090"]),
        ("04-20 10:01", "raised", "R-03", "2026Q2", "YELLOW", ["E010", "E020"]),
        ("04-30 07:02", "raised", "R-37", "EQ-COF-03", "YELLOW", ["E100"]),
        ("04-30 07:04", "resolved", "R-37", "EQ-COF-03", "YELLOW", ["E100"]),
        ("05-01 00:00", "raised", "R-01", "FC-BR", "YELLOW", ["E002"]),
        ("05-01 10:00", "resolved", "R-01", "FC-BR", "YELLOW", ["E002"]),
        ("05-02 09:00", "raised", "R-06", "FC-CN", "RED", ["E003", "E020"]),
        ("05-02 11:00", "resolved", "R-06", "FC-CN", "RED", ["E003", "E020"]),
        ("05-02 11:01", "escalated", "R-03", "2026Q2", "RED", ["E000", "E010", "E020", "E021"]),
        ("05-02 11:01", "raised", "R-07", "2026Q2", "YELLOW", ["E020"]),
        ("05-03 15:00", "raised", "R-19", "OPP-3", "RED", ["E010", "E081"]),
        ("05-03 17:00", "resolved", "R-19", "OPP-3", "RED", ["E010", "E081"]),
        ("05-04 00:00", "raised", "R-20", "AR-0001/1", "YELLOW", ["E001", "E051"]),
        ("05-05 10:00", "resolved", "R-20", "AR-0001/1", "YELLOW", ["E001", "E051"]),
    ]


def test_what_the_alerts_say_their_value_is(line: Line) -> None:
    raised = {d.data["rule_id"]: d.data["value_text"] for d in line.said if d.type == "alert.raised"}
    assert raised == {
        "R-01": "11 d",
        "R-03": "89.00 %",
        "R-06": "OPP-4 LOST",
        "R-07": "-6.98 %",
        "R-13": "FOLLOWING → SIGNED",
        "R-15": "expected_amount",
        "R-16": "decision_chain",
        "R-17": "谈判中",
        "R-19": "legal",
        "R-20": "1 d",
        "R-37": "96.4 °C",
    }


def test_each_line_is_told_once_and_the_lamps_go_out(line: Line) -> None:
    lines = [(d.type, d.data["cause"]) for d in line.said if d.type.startswith("forecast.line.")]
    assert lines == [("forecast.line.unsupported", "LOST"), ("forecast.line.cleared", "DROPPED")]
    lit = {d.data["subject"] for d in line.said if d.type.startswith("alert.") and "LIGHT" in channels(d)}
    out = {d.data["subject"] for d in line.said if d.type == "alert.resolved" and "LIGHT" in channels(d)}
    assert (lit, out) == ({"2026Q2", "FC-CN", "OPP-3"}, {"FC-CN", "OPP-3"})


def channels(alert: Derived) -> Counter[str]:
    return Counter(delivery["channel"] for delivery in alert.data["deliveries"])


def test_the_story_told_again_from_snapshots_is_the_same(line: Line) -> None:
    state, said = fold.new_state(), []
    for fact in line.facts:
        state, more = fold.step(fold.load(fold.dump(state)), [fact])
        said += more
    assert said == line.said


def test_the_forecast_measures(line: Line) -> None:
    at = ["04-20 10:00", "05-01 10:00", "05-02 11:00"]
    expected = {
        "M-09": ["178000000.00", "172000000.00", "160000000.00"],
        "M-11": ["52000000.00", "46000000.00"],
        "M-12": ["0.7079", "0.7326", "0.7125"],
        "M-13": ["22000000.00", "28000000.00", "40000000.00"],
        "M-14": ["0.8900", "0.8600", "0.8000"],
    }
    for measure, values in expected.items():
        assert line.rows(measure, period="2026Q2") == list(zip(at, map(Decimal, values), strict=False)), measure
    assert line.rows("M-10", period="2026Q2") == [(at[0], Decimal(126_000_000)), (at[2], Decimal(114_000_000))]
    assert line.rows("M-17", period="2026Q2") == [(at[1], Decimal("-0.0337")), (at[2], Decimal("-0.0698"))]
    assert line.rows("M-09", period="2026Q2", region="BR") == [
        (at[0], Decimal(54_000_000)),
        (at[1], Decimal(48_000_000)),
    ]


def test_ages_at_midnight(line: Line) -> None:
    ages = dict(line.rows("M-15", forecast="FC-BR"))
    assert (ages["04-30 00:00"], ages["05-01 00:00"], ages["05-05 00:00"]) == tuple(map(Decimal, (10, 11, 4)))
    assert dict(line.rows("M-15", forecast="FC-DE"))["05-05 00:00"] == 7
    assert dict(line.rows("M-15", forecast="FC-CN"))["05-05 00:00"] == 3


def test_versions_of_a_month_are_a_flow(line: Line) -> None:
    rows = [d.data for d in line.said if d.type == "metric.minute.computed" and d.data["metric_id"] == "M-19"]
    versions = Counter[tuple[str, str]]()
    for row in rows:
        versions[row["dims"]["forecast"], row["dims"]["month"]] += int(row["value"])
    april, may = "2026-04", "2026-05"
    assert versions == {
        ("FC-DE", april): 2,
        ("FC-BR", april): 1,
        ("FC-CN", april): 2,
        ("FC-BR", may): 1,
        ("FC-CN", may): 1,
    }


def test_live_updates_and_the_one_reminder(line: Line) -> None:
    live = [d.data for d in line.said if d.type == "forecast.live.updated"]
    assert [(u["forecast_id"], u["version"], u["period_total"]) for u in live][-2:] == [
        ("FC-BR", 2, 172_000_000),
        ("FC-CN", 3, 160_000_000),
    ]
    assert len(live) == 7
    assert line.local(live[1]["stale_after"]) == "05-01 00:00"  # BR: exactly when R-01 speaks
    (reminder,) = [d for d in line.said if d.type == "forecast.refresh.requested"]
    assert reminder.data == {
        "forecast_id": "FC-BR",
        "age_days": 11,
        "last_version": 1,
        "owner_id": "E002",
        "link": "/v1/forecasts/FC-BR/confirm?tenant=dongchen&version=1&recipient=E002",
    }


def test_who_is_told_how(line: Line) -> None:
    (red,) = [d for d in line.said if d.type == "alert.escalated"]
    assert channels(red) == {"INBOX": 4, "EMAIL": 4, "IM": 4, "LIGHT": 1}
    assert {"channel": "EMAIL", "recipient": "E021", "address": "E021@example.com"} in red.data["deliveries"]
    resolved = {d.data["rule_id"]: channels(d) for d in line.said if d.type == "alert.resolved"}
    assert resolved == {"R-37": {}, "R-01": {}, "R-06": {"LIGHT": 1}, "R-19": {"LIGHT": 1}, "R-20": {}}
    told = Counter[str]()
    for d in line.said:
        told.update(channels(d) if d.type.startswith("alert.") else {})
    assert told == {"INBOX": 20, "EMAIL": 20, "IM": 8, "LIGHT": 5}


def test_an_alert_explains_itself(line: Line) -> None:
    (red,) = [d.data for d in line.said if d.type == "alert.escalated"]
    why = json.loads(red["explain"])
    assert why["band"] == {"severity": "RED", "sign": "<", "threshold": "0.85"}
    assert why["conditions"][-1]["value"] == "0.8000"
    places = {(source["partition"], source["seq"]) for source in why["sources"]}
    named = {f.type for f in line.facts if (f.partition, f.seq) in places}
    assert named == {"forecast.published", "target.set"}
    assert "CNY 1.6亿" in red["text_zh"]
    assert "CNY 160M" in red["text_en"]
    assert "80.00 %" in red["title_zh"]
