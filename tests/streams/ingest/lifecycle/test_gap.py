"""Gaps: a flow that does not insist on a field has it told; every other flow has it refused."""

from __future__ import annotations

from tests.streams.ingest.steps import Deal, types

CUSTOMER = {"customer_id": "C-1", "name": "Example", "industry": "ENERGY", "region": "US"}


def test_a_customer_without_a_decision_chain_is_refused_by_the_standard_flow() -> None:
    (refusal,) = Deal(source="crm", id="1").tell("master.customer.upserted", **CUSTOMER)
    assert (refusal.data["reason"], refusal.data["field"]) == ("missing_field", "org_structure")


def test_the_plain_flow_takes_it_and_tells_what_it_lacks() -> None:
    deal = Deal(source="crm", id="1")
    deal.rig.config("tenant", "default", {"flow": "plain"})
    fact, gap = deal.tell("master.customer.upserted", **{**CUSTOMER, "owner_id": "E-1"})
    assert (fact.type, fact.kind) == ("master.customer.upserted", "fact")
    assert (gap.type, gap.causation, gap.seq) == ("record.incomplete", fact.id, fact.seq + 1)
    lacks = ["org_structure", "decision_chain"]
    assert dict(gap.data) == {"record_type": "master.customer.upserted", "record_id": "C-1", "lacks": lacks}


def test_what_it_does_insist_on_is_refused_all_the_same() -> None:
    deal = Deal(source="crm", id="1")
    deal.rig.config("tenant", "default", {"flow": "plain"})
    (refusal,) = deal.tell("master.customer.upserted", **{**CUSTOMER, "region": None})
    assert (refusal.data["reason"], refusal.data["field"]) == ("missing_field", "region")


def test_what_lacks_nothing_is_a_fact_alone() -> None:
    deal = Deal(source="crm", id="1")
    deal.rig.config("tenant", "default", {"flow": "plain"})
    assert types(deal.tell("master.product.upserted", product_id="P", name="P", unit="piece")) == [
        "master.product.upserted"
    ]
