"""Approval of contracts: how it stands at signing, and what a later approval brings."""

from __future__ import annotations

import pytest

from sharedchain.scope import partition_of
from streams.ingest.lifecycle import profile
from tests.streams.ingest.steps import Deal, types


def contract(deal: Deal, **said: str) -> tuple[str, dict[str, str], list[str], str | None]:
    data = deal.sign(**said)[1].data
    return data["status"], data["approvals"], data["missing"], data["approval_case_id"]


@pytest.fixture
def deal() -> Deal:
    found = Deal()
    found.hire()
    found.bidding()
    return found


def test_without_a_case_everything_is_missing(deal: Deal) -> None:
    assert contract(deal) == ("BLOCKED", {}, ["legal", "finance"], None)


def test_an_unfinished_case_blocks_and_its_last_approval_lifts_it(deal: Deal) -> None:
    deal.case()
    deal.done("CA-1", "finance", "E050")
    assert contract(deal) == ("BLOCKED", {"finance": "E050"}, ["legal"], "CA-1")
    deal.rig.now += 1000
    facts = deal.done("CA-1", "legal", "E081")
    assert types(facts) == ["case.node.completed", "case.closed", "contract.approved"]
    assert facts[2].causation == facts[1].id
    assert dict(facts[2].data) == {
        "contract_id": "CT-2026-0001",
        "opportunity_id": "P-1",
        "case_id": "CA-1",
        "by": "E081",
        "at": deal.rig.now,
        "status": "EFFECTIVE",
        "owner_id": "E-1",
    }


def test_an_approved_case_makes_it_effective_and_nothing_follows_twice(deal: Deal) -> None:
    deal.approved()
    assert contract(deal) == ("EFFECTIVE", {"legal": "E010", "finance": "E010"}, [], "CA-1")
    deal.case("CA-2")
    deal.done("CA-2", "legal")
    assert types(deal.done("CA-2", "finance")) == ["case.node.completed", "case.closed"]


def test_a_rejected_case_blocks_until_another_one_approves(deal: Deal) -> None:
    deal.case()
    deal.done("CA-1", "finance", "E050")
    deal.done("CA-1", "legal", "E081", "REJECTED")
    assert contract(deal) == ("BLOCKED", {"finance": "E050"}, ["legal"], "CA-1")
    deal.case("CA-2")
    deal.done("CA-2", "legal")
    assert types(deal.done("CA-2", "finance"))[-1] == "contract.approved"


def test_the_newest_case_counts_unless_the_signature_names_one(deal: Deal) -> None:
    deal.approved()
    deal.case("CA-2")
    deal.bidding("P-2", "L-2")
    deal.approved("P-2", "CA-3")
    deal.case("CA-4", "P-2")
    assert contract(deal)[3] == "CA-2"
    assert contract(deal, opportunity="P-2", approval_case_id="CA-3")[::3] == ("EFFECTIVE", "CA-3")


def test_a_case_that_is_not_there_yet_approves_when_it_comes(deal: Deal) -> None:
    assert contract(deal, approval_case_id="CA-9") == ("BLOCKED", {}, ["legal", "finance"], "CA-9")
    deal.case("CA-9")
    deal.done("CA-9", "legal")
    assert types(deal.done("CA-9", "finance"))[-1] == "contract.approved"


def test_a_template_that_nobody_published_is_told_at_signing() -> None:
    deal = Deal(tenant="t")
    flow = profile.of(deal.rig.book, partition_of("t"), "t").model_dump(mode="json")
    deal.rig.config("flow", "other", {**flow, "id": "other", "approval": "XX"})
    deal.rig.config("tenant", "t", {"flow": "other"})
    deal.bidding()
    (refusal,) = deal.sign()
    assert (refusal.data["reason"], refusal.data["value"]) == ("domain", "XX")


def test_a_case_about_something_else_approves_nothing(deal: Deal) -> None:
    deal.sign()
    deal.case("CA-1", "P-7")
    deal.done("CA-1", "legal")
    assert types(deal.done("CA-1", "finance")) == ["case.node.completed", "case.closed"]
