"""The shipped story against the mission: how many records each of its steps holds, and of which types."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from deploy.demo.command import LEAD_TO_CASH
from deploy.demo.story import load

STORY = load(LEAD_TO_CASH)
# Step of mission D.3 → its published records. 35 without the shelf task, 21 with its project.
STEPS = {
    "1": 49 + 1 + 1,  # masters, the target, one refused customer
    "10": 10,
    "12": 3,
    "13": 1,
    "17": 3 + 4,
    "19": 1,
    "20": 2,
    "21": 9 + 1,
    "24": 3,
    "32": 1 + 2,
    "33": 1 + 2,
    "35": 1,
    "36": 6,
    "40": 1,
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
    assert sum(found.values()) == 103 + 6


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
    assert told == len(rows["mails"]) == len(rows["inbox"]) == 20
    assert len(rows["webhooks"]) == 8
    assert Counter(r["state"] for r in rows["lamps"]) == {"ON": 3, "OFF": 2}
    assert sum(1 for r in rows["alerts"] if r["resolved"]) == 5
    assert sum(1 for r in rows["alerts"] if r["escalated"]) == 1
    facts = {r["type"]: r["n"] for r in rows["facts"]}
    derived = Counter[str]()
    for name in ("opportunity.created", "contract.", "receivable.", "payment.alloc", "case.closed", "case.node.start"):
        derived["lifecycle"] += sum(n for kind, n in facts.items() if kind.startswith(name))
    derived["live"] = sum(n for kind, n in facts.items() if kind.startswith(("forecast.l", "forecast.ref")))
    assert sum(facts.values()) - sum(derived.values()) == 109
