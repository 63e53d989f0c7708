"""Flows as the log gives them: what a profile and a template say, and which nobody could follow."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sharedchain.canonical import dumps
from sharedchain.config import bundle
from sharedchain.flow import Node, Profile, Template, faults_of, read
from sharedchain.yamlfile import read as read_yaml
from tests.house.tree import ROOT

SE = read_yaml(ROOT / "tests" / "data" / "flows" / "SE.yaml").value
PLAIN: dict[str, Any] = {
    "id": "plain",
    "version": 1,
    "kind": "opportunity",
    "title": {"zh": "简", "en": "Plain"},
    "stages": [{"code": "FOLLOWING"}],
    "signed_from": ["FOLLOWING"],
    "numbers": {"contract": "C{n}", "receivable": "R{n}"},
    "default_terms": [{"share": "1", "days": 0}],
}


def flow(body: dict[str, Any]) -> Profile | Template:
    return read(dumps(body))


def profile(**changed: Any) -> Profile:
    found = flow(PLAIN | changed)
    assert isinstance(found, Profile)
    return found


def template(nodes: list[dict[str, Any]], **changed: Any) -> Template:
    usual = {"name": {"zh": "节点", "en": "Node"}, "role": "sales", "limit": "4h"}
    found = flow({k: v for k, v in SE.items() if k != "nodes"} | {"nodes": [usual | n for n in nodes]} | changed)
    assert isinstance(found, Template)
    return found


def test_what_the_log_carries_is_what_the_files_say() -> None:
    told = {item.name: read(item.body) for item in bundle() if item.kind == "flow"}
    standard, approval = told["standard"], told["CA"]
    assert isinstance(standard, Profile)
    assert isinstance(approval, Template)
    assert standard.start == "FOLLOWING"
    assert [s.next for s in standard.stages] == [("PROJECT_APPROVED",), ("IN_REVIEW",), ("BIDDING",), ()]
    assert [s.gate for s in standard.stages] == [(), ("project_brief",), ("review_minutes",), ("bid_document",)]
    assert (standard.approval, standard.signed_from, standard.overdue_marks) == ("CA", ("BIDDING",), (1, 30))
    assert standard.default_terms[0].share == Decimal(1)
    assert [(n.id, n.role, n.limit, n.after) for n in approval.nodes] == [
        ("legal", "legal_counsel", 86_400_000, ()),
        ("finance", "finance_controller", 86_400_000, ()),
    ]
    assert approval.good_end == "APPROVED"


def test_a_way_without_gates_and_approval_is_data_only() -> None:
    plain = profile()
    assert (plain.approval, plain.start, plain.may_lose("FOLLOWING"), plain.may_lose("LOST")) == (
        None,
        "FOLLOWING",
        True,
        False,
    )
    assert plain.stage("SIGNED") is None


def test_from_where_it_may_be_lost_can_be_said() -> None:
    two = [{"code": "FOLLOWING", "next": ["BIDDING"]}, {"code": "BIDDING"}]
    assert not profile(stages=two, lost_from=["BIDDING"]).may_lose("FOLLOWING")
    assert not profile(lost_from=[]).may_lose("FOLLOWING")


def test_nodes_in_a_row_are_ready_one_by_one() -> None:
    case = flow(SE)
    assert isinstance(case, Template)
    done: set[str] = set()
    order = []
    while ready := case.ready(done):
        (node,) = ready
        order.append((node.id, node.limit // 3_600_000))
        done.add(node.id)
    assert order == [("quality", 4), ("purchasing", 4), ("planning", 8), ("finance", 24), ("sales", 4)]
    assert case.good_end == "DONE"


def test_nodes_side_by_side_are_ready_together() -> None:
    case = template([{"id": "a"}, {"id": "b"}, {"id": "c", "after": ["a", "b"]}])

    def ids(nodes: tuple[Node, ...]) -> list[str]:
        return [node.id for node in nodes]

    assert ids(case.ready(set())) == ["a", "b"]
    assert ids(case.ready({"a"})) == ["b"]
    assert ids(case.ready({"a", "b"})) == ["c"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"numbers": {"contract": "C", "receivable": "R{n}"}}, "gives the same number twice"),
        ({"numbers": {"contract": "{yaer}-{n}", "receivable": "R{n}"}}, "is no pattern"),
        ({"numbers": {"contract": "{n.real}", "receivable": "R{n}"}}, "is no pattern"),
        ({"numbers": {"contract": "{n.x}", "receivable": "R{n}"}}, "is no pattern"),
        ({"numbers": {"contract": "{n[0]}", "receivable": "R{n}"}}, "is no pattern"),
        ({"numbers": {"contract": "{n:0999999999d}", "receivable": "R{n}"}}, "is no pattern"),
        ({"default_terms": [{"share": "1", "days": 10**7}]}, "less than or equal to 36500"),
        ({"overdue_marks": [1, 10**7]}, "less than or equal to 36500"),
        ({"stages": []}, "at least 1"),
        ({"default_terms": [{"share": "0.5", "days": 1}, {"share": "0.4", "days": 2}]}, "add up to 0.9"),
        ({"default_terms": [{"share": "1", "days": -1}]}, "greater than or equal to 0"),
        ({"overdue_marks": [30, 1]}, "do not rise"),
        ({"overdue_marks": [0]}, "greater than or equal to 1"),
        ({"signed_from": ["BIDDING"]}, "no stage BIDDING in this flow; it has FOLLOWING"),
        ({"lost_from": ["LOST"]}, "LOST is entered by opportunity.lost alone"),
        ({"stages": [{"code": "FOLLOWING", "next": ["SIGNED"]}]}, "SIGNED is entered by opportunity.signed alone"),
        ({"stages": [{"code": "FOLLOWING"}, {"code": "LOST"}]}, "LOST is no open stage"),
        ({"stages": [{"code": "FOLLOWING"}, {"code": "BIDDING"}]}, "nothing leads to BIDDING from FOLLOWING"),
        ({"stages": [{"code": "FOLLOWING"}, {"code": "FOLLOWING"}]}, "stage FOLLOWING stands twice"),
        ({"kind": "chance"}, "kind"),
    ],
)
def test_a_profile_nobody_can_follow_is_refused(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        flow(PLAIN | changed)


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        ([], "at least 1"),
        ([{"id": "a", "after": ["b"]}, {"id": "b", "after": ["a"]}], "a can never start"),
        ([{"id": "a", "after": ["a"]}], "a can never start"),
        ([{"id": "a", "after": ["z"]}], "no node z in this flow; it has a"),
        ([{"id": "a"}, {"id": "a"}], "node a stands twice"),
        ([{"id": "a", "limit": "4 weeks"}], "is no duration"),
        ([{"id": "a", "limit": -1}], "greater than or equal to 0"),
        ([{"id": "a", "limit": "9999999999d"}], "longer than a hundred years"),
        ([{"id": "a", "when": "later"}], "when"),
    ],
)
def test_a_template_nobody_can_work_through_is_refused(nodes: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        template(nodes)


def test_all_faults_are_told_with_their_place() -> None:
    bad = Profile.model_validate(PLAIN | {"signed_from": ["X"], "overdue_marks": [2, 2]})
    assert [fault.steps for fault in faults_of(bad)] == [("signed_from", 0), ("overdue_marks",)]
