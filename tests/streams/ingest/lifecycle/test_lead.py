"""Leads: what a conversion copies, and what cannot end twice."""

from __future__ import annotations

from decimal import Decimal

from tests.streams.ingest.steps import Deal, only, types


def test_a_converted_lead_is_copied_into_its_opportunity() -> None:
    deal = Deal(actor="E-7")
    deal.lead(prospect_name="Example", channel="FAIR", expected_amount=Decimal("48.10"), currency="EUR")
    for contact in ("K-2", "K-1"):
        deal.tell("lead.contact.logged", lead_id="L-1", contact_id=contact)
    cause, made = deal.tell("lead.converted", lead_id="L-1", opportunity_id="P-1")
    assert (made.kind, made.source, made.subject, made.actor) == ("fact", "sharedchain:ingest", "P-1", "E-7")
    assert (made.causation, made.seq, made.recorded, made.time) == (cause.id, cause.seq + 1, cause.recorded, cause.time)
    assert dict(made.data) == {
        "opportunity_id": "P-1",
        "lead_id": "L-1",
        "customer_id": "C-1",
        "prospect_name": "Example",
        "industry": "AUTOMOTIVE",
        "demand_type": "NEW",
        "amount": Decimal("48.10"),
        "amount_basis": None,
        "currency": "EUR",
        "product_id": None,
        "contact_ids": ["K-2", "K-1"],
        "owner_id": "E-1",
        "region": "CN",
        "channel": "FAIR",
        "stage": "FOLLOWING",
    }


def test_a_prospect_becomes_a_customer_and_the_currency_is_the_tenants() -> None:
    deal = Deal()
    deal.rig.config("tenant", "default", {"currency": "BRL"})
    deal.lead(customer_id=None, prospect_name="Example", currency=None)
    deal.tell("lead.converted", lead_id="L-1", opportunity_id="P-1", customer_id="C-9")
    (made,) = only([f for f, _ in deal.rig.spine], "opportunity.created")
    assert (made["customer_id"], made["prospect_name"], made["currency"]) == ("C-9", "Example", "BRL")


def test_a_contact_told_twice_is_linked_once() -> None:
    deal = Deal()
    deal.lead()
    for name in ("1", "2"):
        deal.rig.publish(
            "lead.contact.logged", {"lead_id": "L-1", "contact_id": "K-1", "summary": name}, id=name, source="c"
        )
    _, made = deal.tell("lead.converted", lead_id="L-1", opportunity_id="P-1")
    assert made.data["contact_ids"] == ["K-1"]


def test_a_lead_of_very_many_contacts_becomes_an_opportunity_too() -> None:
    deal, names = Deal(), [f"{n:0>470}" for n in range(700)]
    deal.lead()
    for name in names:
        deal.tell("lead.contact.logged", lead_id="L-1", contact_id=name)
    (made,) = only(deal.tell("lead.converted", lead_id="L-1", opportunity_id="P-1"), "opportunity.created")
    assert made["contact_ids"] == names[:500]


def test_a_lead_ends_once() -> None:
    deal = Deal()
    deal.opened()
    (refusal,) = deal.tell("lead.disqualified", lead_id="L-1", reason="late")
    assert refusal.data["reason"] == "transition"
    assert (refusal.data["value"], refusal.data["field"]) == ("CONVERTED → DISQUALIFIED", "lead_id")
    assert (refusal.data["owner"], refusal.correlation) == ("E-1", "L-1")
    assert types(
        deal.rig.publish("lead.converted", {"lead_id": "L-1", "opportunity_id": "P-2"}, source="a", id="1")
    ) == ["transition"]


def test_two_leads_do_not_become_one_opportunity() -> None:
    deal = Deal()
    deal.opened("P-1", "L-1")
    (refusal,) = deal.opened("P-1", "L-2")
    assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == ("domain", "opportunity_id", "P-1")
    assert types(deal.tell("lead.disqualified", lead_id="L-2", reason="double")) == ["lead.disqualified"]


def test_a_tenant_whose_flow_nobody_defined_is_told_so() -> None:
    deal = Deal(tenant="t")
    deal.rig.config("tenant", "t", {"flow": "nowhere"})
    deal.lead()
    (refusal,) = deal.tell("lead.converted", lead_id="L-1", opportunity_id="P-1")
    assert (refusal.data["reason"], refusal.data["value"]) == ("domain", "nowhere")
