"""Cases: any template runs through one engine, serial and parallel, and each refusal has its reason."""

from __future__ import annotations

from typing import Any

from tests.streams.ingest.rig import MINUTE, NOW
from tests.streams.ingest.steps import SE, Deal, only, types

HOUR = 60 * MINUTE
LIMITS = [("quality", 4), ("purchasing", 4), ("planning", 8), ("finance", 24), ("sales", 4)]


def started(deal: Deal) -> list[str]:
    return [d["node_id"] for d in only([f for f, _ in deal.rig.spine], "case.node.started")]


def test_parallel_nodes_start_together_and_the_last_approval_ends_the_case() -> None:
    deal = Deal()
    deal.hire()
    opened, legal, finance = deal.case(opened_by="E003")
    assert types([legal, finance]) == ["case.node.started"] * 2
    assert (legal.causation, legal.subject) == (opened.id, "CA-1")
    assert dict(legal.data) == {
        "case_id": "CA-1",
        "template_id": "CA",
        "node_id": "legal",
        "name_zh": "法务审核",
        "name_en": "Legal review",
        "role": "legal_counsel",
        "responsible_id": "E081",
        "accountable_id": "E010",
        "started_at": NOW,
        "due_at": NOW + 24 * HOUR,
    }
    deal.rig.now += 30 * HOUR
    assert types(deal.done("CA-1", "finance", "E050")) == ["case.node.completed"]
    deal.rig.now += HOUR
    completed, closed = deal.done("CA-1", "legal", "E081")
    assert (closed.type, closed.causation) == ("case.closed", completed.id)
    assert dict(closed.data) == {
        "case_id": "CA-1",
        "template_id": "CA",
        "subject": "P-1",
        "outcome": "APPROVED",
        "opened_at": NOW,
        "closed_at": NOW + 31 * HOUR,
        "duration_min": 31 * 60,
        "nodes_on_time": 0,
        "nodes_total": 2,
    }


def test_a_serial_template_goes_from_node_to_node() -> None:
    deal = Deal()
    deal.rig.config("flow", "SE", SE)
    first = deal.case("SE-1", "LOT-77", "SE")
    assert (first[1].data["node_id"], first[1].data["responsible_id"]) == ("quality", "")
    for n, (node, limit) in enumerate(LIMITS):
        assert started(deal) == [name for name, _ in LIMITS[: n + 1]]
        begun = only([f for f, _ in deal.rig.spine], "case.node.started")[-1]
        assert (begun["started_at"], begun["due_at"]) == (deal.rig.now, deal.rig.now + limit * HOUR)
        deal.rig.now += (limit + (1 if node == "purchasing" else 0)) * HOUR  # one node is late
        given = [{"kind": "lot_report", "ref": "1"}] if node == "quality" else None
        facts = deal.done("SE-1", node, "anybody", "DONE", evidence=given)
    closed = facts[-1].data
    assert (closed["outcome"], closed["nodes_on_time"], closed["nodes_total"]) == ("DONE", 4, 5)
    assert closed["duration_min"] == 45 * 60


def test_a_rejection_ends_it_at_once() -> None:
    deal = Deal()
    deal.case()
    closed = deal.done("CA-1", "finance", decision="驳回")[-1].data
    assert (closed["outcome"], closed["nodes_on_time"], closed["nodes_total"]) == ("REJECTED", 1, 1)
    (refusal,) = deal.done("CA-1", "legal")
    assert (refusal.data["reason"], refusal.data["value"]) == ("transition", "REJECTED → APPROVED")


def test_each_refusal_has_its_reason() -> None:
    deal = Deal(actor="x")
    deal.hire()
    deal.rig.config("flow", "SE", SE)
    deal.hire(E030="quality_engineer", E041="plant_manager")
    deal.case("SE-1", "LOT-77", "SE", opened_by="E003")
    report = [{"kind": "lot_report", "ref": "1"}]
    cases: list[tuple[dict[str, Any], str, str, str | None]] = [
        ({"node": "packing"}, "domain", "node_id", "packing"),
        ({"node": "sales", "by": "E003"}, "transition", "node_id", "WAITING → DONE"),
        ({"node": "quality", "by": "E030"}, "evidence", "evidence", "node quality without lot_report"),
        ({"node": "quality", "by": "E003", "evidence": report}, "permission", "by", "E003"),
        ({"node": "quality", "decision": "maybe", "evidence": report}, "unknown_term", "decision", "maybe"),
    ]
    for said, why, field, value in cases:
        (refusal,) = deal.done("SE-1", **{"decision": "DONE", **said})
        assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == (why, field, value)
        assert (refusal.data["owner"], refusal.correlation) == ("E003", "SE-1")
    assert types(deal.done("SE-1", "quality", "E041", "DONE", evidence=report))[0] == "case.node.completed"
    again = {"case_id": "SE-1", "node_id": "quality", "by": "E030", "decision": "REJECTED", "evidence": report}
    (refusal,) = deal.rig.publish("case.node.completed", again, source="a", id="1")
    assert (refusal.data["reason"], refusal.data["value"]) == ("transition", "DONE → REJECTED")


def test_where_nobody_holds_a_role_anybody_may() -> None:
    deal = Deal()
    deal.case()
    assert types(deal.done("CA-1", "legal", "stranger")) == ["case.node.completed"]
    deal.hire(E050="finance_controller")
    assert types(deal.done("CA-1", "finance", "stranger")) == ["permission"]


def test_opening_names_a_template_that_there_is_in_its_version() -> None:
    deal = Deal()
    for change, field, value in [
        ({"template": "XX"}, "template_id", "XX"),
        ({"template": "standard"}, "template_id", "standard"),
        ({"template_version": 7}, "template_version", "7"),
    ]:
        (refusal,) = deal.case(**change)  # type: ignore[arg-type]
        assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == ("domain", field, value)
    assert len(deal.case(template_version=1)) == 3
    again = {"case_id": "CA-1", "template_id": "CA", "subject": "P-2"}
    assert types(deal.rig.publish("case.opened", again, source="a", id="1")) == ["domain"]


def test_a_running_case_keeps_the_nodes_it_was_opened_with() -> None:
    deal = Deal()
    deal.rig.config("flow", "SE", SE)
    deal.case("SE-1", "LOT-77", "SE")
    one = {**SE, "version": 2, "nodes": [{**SE["nodes"][4], "after": []}]}
    deal.rig.config("flow", "SE", one)
    given = [{"kind": "lot_report", "ref": "1"}]
    assert [f.data["node_id"] for f in deal.done("SE-1", "quality", evidence=given)] == ["quality", "purchasing"]
    assert [f.data.get("node_id") for f in deal.case("SE-2", "LOT-78", "SE")] == [None, "sales"]


def test_a_completion_that_comes_before_its_case_waits_for_it() -> None:
    deal = Deal()
    assert [f.kind for f in deal.done("CA-1", "legal")] == ["parked"]
    facts = deal.case()
    assert types(facts) == ["case.opened", "case.node.started", "case.node.started", "case.node.completed"]
    assert facts[-1].correlation == "CA-1"
