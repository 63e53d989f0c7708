"""The shipped story against the mission: how many records each of its steps holds, and of which types."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from deploy.demo.command import DONGCHEN
from deploy.demo.story import load

STORY = load(DONGCHEN)
# Step of mission D.3 → its published records; 22, 25, 38 and 46 are ticks.
STEPS = {
    "1": 49 + 1 + 1,  # masters, the target, one refused customer
    "2": 2,
    "3": 5 + 3 + 1,
    "4": 3,
    "5": 3,
    "6": 3,
    "7": 100 + 50,
    "8": 1 + 10,
    "9": 1,
    "10": 10,
    "11": 3 + 8 + 1 + 1,
    "12": 3,
    "13": 1,
    "14": 1 + 3,
    "15": 2,
    "16": 15 + 1,
    "17": 3 + 4,
    "18": 1 + 3,
    "19": 1,
    "20": 2,
    "21": 9 + 1,
    "23": 3,
    "24": 3,
    "26": 1,
    "27": 5,
    "28": 1,
    "29": 4 + 1 + 4 + 1,
    "30": 1,
    "31": 1,
    "32": 1 + 2,
    "33": 1 + 2,
    "34": 1 + 1,
    "35": 1 + 1,
    "36": 6,
    "37": 4 + 1 + 1,
    "39": 2 + 1,
    "40": 1,
    "41": 1 + 1000 + 50,
    "42": 1 + 10 + 1,
    "43": 1,
    "44": 1,
    "45": 1 + 2 + 1,
    "47": 1,
    "D.6": 0,  # the live view: a subscriber joins
}
MASTERS = {"org": 10, "employee": 24, "customer": 4 + 1, "product": 3, "equipment": 3, "supplier": 2}
MASTERS |= {"sparepart": 2, "store": 1}


def test_each_step_holds_the_records_of_the_mission() -> None:
    found = Counter[str]()
    for step in STORY.steps:
        found[step.ref] += step.records
    assert dict(found) == STEPS
    assert sum(found.values()) == 1427


def test_the_masters_of_the_mission() -> None:
    types = Counter(record.type for step in STORY.steps for record in step.publish)
    found = {kind.split(".")[1]: n for kind, n in types.items() if kind.startswith("master.")}
    assert found == MASTERS
    assert sum(found.values()) == 49 + 1


def test_nobody_types_a_customer_or_an_amount_twice() -> None:
    """Of what becomes of a lead, its industry, demand and customer are typed in the lead alone."""
    later = [r for s in STORY.steps for r in s.publish if r.type.startswith(("opportunity.", "lead.conv", "payment."))]
    assert later
    assert [r for r in later if {"customer_id", "customer_industry", "demand_type"} & r.data.keys()] == []


def test_the_clock() -> None:
    minutes = STORY.minutes("dongchen")
    assert (STORY.start, STORY.end) == (datetime(2026, 3, 15, 8), datetime(2026, 5, 5, 23, 59))
    assert len(minutes) == 51 * 1440 + 16 * 60
    assert set(STORY.ticks("dongchen")) <= set(minutes)


def test_the_expectation_agrees_with_itself() -> None:
    """Figures that stand in two places of it: who is told, and the totals of the issue."""
    rows = STORY.expect
    told = sum(len(r["recipients"].split(",")) for r in rows["alerts"])
    told += sum(len(r["told_then"].split(",")) for r in rows["alerts"] if r["told_then"])
    assert told == len(rows["inbox"]) == 50
    assert (len(rows["mails"]), len(rows["webhooks"])) == (47, 30)
    assert Counter(r["state"] for r in rows["lamps"]) == {"ON": 15, "OFF": 11}
    assert Counter(r["severity"] for r in rows["alerts"]) == {"RED": 14, "YELLOW": 14, "INFO": 3}
    assert sum(1 for r in rows["alerts"] if r["resolved"]) == 20
    assert sum(1 for r in rows["alerts"] if r["escalated"]) == 1
    assert {r["label"] for r in rows["alerts"]} == {f"A{n:02d}" for n in range(1, 32)}


def test_every_record_is_accepted_or_refused() -> None:
    """What rules command comes beside what is published: a case, two reservations, an order of a part."""
    facts = {r["type"]: r["n"] for r in STORY.expect["facts"]}
    published = Counter(record.type for step in STORY.steps for one in step.publish for record in one.each())
    published["forecast.published"] += sum(step.confirm is not None for step in STORY.steps)
    refused = Counter(r["type"] for r in STORY.expect["refusals"])
    beside = {t: facts.get(t, 0) + refused[t] - n for t, n in published.items() if facts.get(t, 0) + refused[t] != n}
    assert beside == {"case.opened": 1, "procurement.order.created": 1, "store.task.assigned": 2}
    assert sum(refused.values()) == 4
