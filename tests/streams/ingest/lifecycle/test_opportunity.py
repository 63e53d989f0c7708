"""Opportunities: every move that is allowed, and the one reason of each that is not."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from tests.streams.ingest.steps import GATES, WAY, Deal, types

PLAIN = {
    "id": "plain",
    "version": 1,
    "kind": "opportunity",
    "title": {"zh": "简", "en": "Plain"},
    "stages": [{"code": "FOLLOWING"}],
    "signed_from": ["FOLLOWING"],
    "numbers": {"contract": "K{n}", "receivable": "R-{year}-{n}"},
    "default_terms": [{"share": 1, "days": 14}],
}


def at(stage: str) -> Deal:
    """A deal whose opportunity P-1 stands in this stage."""
    deal = Deal()
    deal.opened()
    for here, there in itertools.pairwise(WAY[: WAY.index(stage) + 1]):
        deal.move("P-1", here, there)
    return deal


@pytest.mark.parametrize("here", WAY)
@pytest.mark.parametrize("there", [*WAY, "SIGNED", "LOST"])
def test_stages_follow_each_other_as_the_flow_says(here: str, there: str) -> None:
    deal = at(here)
    (fact,) = deal.move("P-1", here, there)
    if WAY.index(here) + 1 < len(WAY) and there == WAY[WAY.index(here) + 1]:
        assert fact.kind == "fact"
        return
    data, move = fact.data, f"{here} → {there}"
    assert (data["reason"], data["field"], data["value"]) == ("transition", "to", move)
    assert data["text"].startswith(move)
    assert (data["owner"], fact.correlation) == ("E-1", "L-1")


def test_from_is_where_it_is() -> None:
    deal = at("IN_REVIEW")
    (refusal,) = deal.move("P-1", "FOLLOWING", "IN_REVIEW")
    assert (refusal.data["reason"], refusal.data["field"]) == ("transition", "from")
    assert refusal.data["value"] == "FOLLOWING → IN_REVIEW"


def test_the_same_move_told_twice_is_one() -> None:
    deal = at("PROJECT_APPROVED")
    assert deal.move("P-1", "FOLLOWING", "PROJECT_APPROVED") == []


@pytest.mark.parametrize("given", [None, [], [{"kind": "photo", "ref": "1"}]])
def test_a_gate_asks_for_its_evidence(given: Any) -> None:
    deal = at("FOLLOWING")
    move = {"opportunity_id": "P-1", "from_": "FOLLOWING", "to": "PROJECT_APPROVED"}
    (refusal,) = deal.tell("opportunity.stage.changed", **move, evidence=given)
    assert (refusal.data["reason"], refusal.data["field"]) == ("evidence", "evidence")
    assert refusal.data["value"] == "FOLLOWING → PROJECT_APPROVED without project_brief"
    assert types(deal.move("P-1", "FOLLOWING", "PROJECT_APPROVED")) == ["opportunity.stage.changed"]


def test_a_word_for_a_stage_is_its_code_and_an_unknown_one_is_named() -> None:
    deal = at("FOLLOWING")
    given = [{"kind": GATES["PROJECT_APPROVED"], "ref": "1"}]
    move = {"opportunity_id": "P-1", "evidence": given}
    (refusal,) = deal.tell("opportunity.stage.changed", **move, from_="跟进中", to="谈判中")
    assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == ("unknown_term", "to", "谈判中")
    (fact,) = deal.tell("opportunity.stage.changed", **move, from_="跟进中", to="已立项")
    assert (fact.data["from"], fact.data["to"]) == ("FOLLOWING", "PROJECT_APPROVED")


@pytest.mark.parametrize("stage", WAY)
def test_what_is_open_can_be_lost_and_then_nothing_follows(stage: str) -> None:
    deal = at(stage)
    assert types(deal.tell("opportunity.lost", opportunity_id="P-1", reason="PRICE")) == ["opportunity.lost"]
    assert types(deal.move("P-1", "LOST", "FOLLOWING")) == ["transition"]
    assert types(deal.sign()) == ["transition"]
    amount = {"old": Decimal(1), "new": Decimal(2), "reason": "x"}
    (refusal,) = deal.rig.publish("opportunity.amount.changed", {"opportunity_id": "P-1", **amount}, source="a", id="1")
    assert (refusal.data["reason"], refusal.data["value"]) == ("transition", "LOST → another amount")
    again = {"opportunity_id": "P-1", "reason": "OTHER"}
    (refusal,) = deal.rig.publish("opportunity.lost", again, source="a", id="2")
    assert (refusal.data["reason"], refusal.data["value"]) == ("transition", "LOST → LOST")


def test_the_amount_changes_in_its_own_currency_and_is_what_is_signed_from() -> None:
    deal = Deal(source="crm")
    deal.bidding(currency="EUR")
    change = {"opportunity_id": "P-1", "old": Decimal(1), "new": Decimal(2), "reason": "x"}
    (refusal,) = deal.tell("opportunity.amount.changed", **change, currency="USD")
    assert refusal.data["reason"] == "no_identity"
    (refusal,) = deal.rig.publish("opportunity.amount.changed", {**change, "currency": "USD"}, source="a", id="1")
    assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == ("domain", "currency", "USD")
    assert types(deal.rig.publish("opportunity.amount.changed", change, source="a", id="2")) == [
        "opportunity.amount.changed"
    ]
    signed = deal.sign(amount="3.00")
    assert [f.data["amount"] for f in signed[:2]] == [Decimal("3.00")] * 2


def test_another_flow_is_data_only() -> None:
    deal = Deal(tenant="t")
    deal.rig.config("flow", "plain", PLAIN)
    deal.rig.config("tenant", "t", {"flow": "plain"})
    deal.opened("P-1", "L-1")
    deal.opened("P-2", "L-2")
    contract, receivable = deal.sign()[1:]
    assert (contract.data["contract_id"], contract.data["status"], contract.data["missing"]) == ("K1", "EFFECTIVE", [])
    assert receivable.data["receivable_id"] == "R-2026-1"
    assert types(deal.tell("opportunity.lost", opportunity_id="P-2", reason="价格")) == ["opportunity.lost"]


def plain() -> Deal:
    deal = Deal()
    deal.rig.config("tenant", "default", {"flow": "plain", "currency": "USD"})
    return deal


def test_an_opportunity_begins_without_a_lead_where_the_flow_says_so() -> None:
    deal = plain()
    cause, made = deal.tell("opportunity.opened", opportunity_id="P-1", owner_id="E-1", amount=Decimal("55.00"))
    assert (made.type, made.causation, made.correlation, cause.correlation) == (
        "opportunity.created", cause.id, "P-1", "P-1",
    )  # fmt: skip
    told = {name: made.data[name] for name in ("lead_id", "industry", "amount", "currency", "stage", "customer_id")}
    assert told == {
        "lead_id": "", "industry": "", "amount": Decimal("55.00"), "currency": "USD", "stage": "FOLLOWING",
        "customer_id": None,
    }  # fmt: skip
    again = deal.tell("opportunity.opened", opportunity_id="P-1", owner_id="E-1", amount=Decimal("56.00"))
    assert [f.data["reason"] for f in again] == ["conflict"]


def test_the_standard_flow_begins_it_with_its_lead() -> None:
    (refusal,) = Deal().tell("opportunity.opened", opportunity_id="P-1", owner_id="E-1", amount=Decimal("55.00"))
    assert (refusal.data["reason"], refusal.data["field"]) == ("transition", "opportunity_id")


def test_an_opened_opportunity_is_lost_for_a_reason_nobody_told() -> None:
    deal = plain()
    deal.tell("opportunity.opened", opportunity_id="P-1", owner_id="E-1", amount=Decimal("55.00"))
    assert types(deal.tell("opportunity.lost", opportunity_id="P-1", reason="UNKNOWN")) == ["opportunity.lost"]
