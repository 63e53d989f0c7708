"""Signing: a contract and its receivable in the turn of the signature, and everything that forbids one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.streams.ingest.rig import DAY, NOW
from tests.streams.ingest.steps import Deal, only, term, types

TERMS = [term("0.3", "2026-05-03"), term("0.6", "2026-08-29"), term("0.1", "2027-04-29")]


def test_a_signature_makes_contract_and_receivable_adjacent() -> None:
    deal = Deal(backfill="true")
    deal.bidding(region="DE")
    deal.approved()
    signed, contract, receivable = deal.sign(amount="48000000.00", payment_terms=TERMS)
    assert types([signed, contract, receivable]) == ["opportunity.signed", "contract.created", "receivable.created"]
    assert [f.seq - signed.seq for f in (contract, receivable)] == [1, 2]
    for made in (contract, receivable):
        assert (made.source, made.causation, made.correlation) == ("sharedchain:ingest", signed.id, "L-1")
        assert (made.recorded, made.time, made.backfill) == (signed.recorded, signed.time, True)
    assert dict(contract.data) == {
        "contract_id": "CT-2026-0001",
        "opportunity_id": "P-1",
        "lead_id": "L-1",
        "customer_id": "C-1",
        "region": "DE",
        "product_id": None,
        "owner_id": "E-1",
        "amount": Decimal("48000000.00"),
        "currency": "CNY",
        "status": "EFFECTIVE",
        "approvals": {"legal": "E010", "finance": "E010"},
        "missing": [],
        "approval_case_id": "CA-1",
        "signed_at": NOW,
    }
    assert (receivable.subject, receivable.data["contract_id"]) == ("AR-0001", "CT-2026-0001")
    assert receivable.data["total"] == Decimal("48000000.00")
    assert [(i["no"], i["amount"], i["due_date"]) for i in receivable.data["instalments"]] == [
        (1, Decimal("14400000.00"), date(2026, 5, 3)),
        (2, Decimal("28800000.00"), date(2026, 8, 29)),
        (3, Decimal("4800000.00"), date(2027, 4, 29)),
    ]


def test_without_terms_the_flows_default_holds() -> None:
    deal = Deal()
    deal.bidding()
    (one,) = deal.sign()[2].data["instalments"]
    assert (one["share"], one["amount"], one["due_date"]) == (Decimal(1), Decimal("100.00"), date(2026, 5, 24))


def test_a_contract_is_signed_once() -> None:
    deal = Deal()
    deal.bidding()
    deal.sign()
    assert deal.sign() == []
    again = {"opportunity_id": "P-1", "amount": Decimal(1), "signed_at": NOW}
    (refusal,) = deal.rig.publish("opportunity.signed", again, source="x", id="1")
    assert (refusal.data["reason"], refusal.data["value"]) == ("transition", "SIGNED → SIGNED")


REFUSED: list[Any] = [
    pytest.param({"payment_terms": [term("0.5", "2026-05-03")]}, "domain", "payment_terms", "0.5000", id="half"),
    pytest.param(
        {"payment_terms": [term("1.5", "2026-05-03"), term("-0.5", "2026-05-04")]},
        "domain", "payment_terms[1].share", "-0.5000", id="negative share",
    ),
    pytest.param(
        {"payment_terms": [term("1", "9999-12-31")]}, "domain", "payment_terms[0].due_date", "9999-12-31", id="far day"
    ),
    pytest.param(
        {"payment_terms": [{"share": None, "due_date": date(2026, 5, 3)}]},
        "missing_field", "payment_terms[0].share", None, id="no share",
    ),
    pytest.param({"currency": "USD"}, "domain", "currency", "USD", id="other currency"),
    pytest.param({"signed_at": 10**15}, "bad_time", "ce_time", None, id="far future"),
    pytest.param({"signed_at": None}, "missing_field", "signed_at", None, id="no day"),
    pytest.param({"approval_case_id": "CA-2"}, "domain", "approval_case_id", "CA-2", id="another's approval"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "why", "field", "value"), REFUSED)
def test_what_cannot_be_signed(change: dict[str, Any], why: str, field: str, value: str | None) -> None:
    deal = Deal()
    deal.bidding()
    deal.case("CA-2", "P-2")
    (refusal,) = deal.sign(**change)
    assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == (why, field, value)
    assert refusal.data["owner"] == "E-1"
    assert len(deal.sign()) == 3, "repaired it enters, with the first number"


def test_a_signing_time_outside_the_calendar_is_refused_whatever_the_header_says() -> None:
    deal = Deal()
    deal.bidding()
    data = {"opportunity_id": "P-1", "amount": Decimal(1), "signed_at": 10**17}
    (refusal,) = deal.rig.publish("opportunity.signed", data, time=NOW)
    assert (refusal.data["reason"], refusal.data["field"]) == ("domain", "signed_at")


def test_who_signs_is_a_customer() -> None:
    deal = Deal()
    deal.bidding(customer_id=None, prospect_name="Example")
    (refusal,) = deal.sign()
    assert (refusal.data["reason"], refusal.data["field"]) == ("missing_field", "customer_id")
    _, contract, receivable = deal.sign(customer_id="C-9")
    assert contract.data["customer_id"] == receivable.data["customer_id"] == "C-9"


def test_what_follows_and_cannot_be_takes_the_signature_back() -> None:
    deal = Deal()
    deal.rig.config("flow", "standard", _numbered("X"))
    deal.bidding("P-1", "L-1")
    deal.bidding("P-2", "L-2")
    deal.sign("P-1")
    deal.rig.config("flow", "standard", _numbered("X", "{n:03d}"))  # a new series that gives X1 again
    deal.rig.config("flow", "standard", _numbered("X", "{n:01d}"))
    before = dict(deal.rig.book.values)
    (refusal,) = deal.sign("P-2")
    assert (refusal.data["reason"], refusal.data["value"]) == ("domain", "X1")
    changed = {n for n, v in deal.rig.book.values.items() if before.get(n) != v}
    assert all(name.startswith(("head/", "scope/")) for name in changed)
    deal.rig.config("flow", "standard", _numbered("Y"))
    assert [f.subject for f in deal.sign("P-2")] == ["P-2", "Y1", "AR-0001"]


def _numbered(head: str, n: str = "{n}") -> dict[str, Any]:
    stages = [{"code": "FOLLOWING", "next": ["PROJECT_APPROVED"]}, {"code": "PROJECT_APPROVED", "next": ["IN_REVIEW"]}]
    last = [{"code": "IN_REVIEW", "next": ["BIDDING"]}, {"code": "BIDDING"}]
    return {
        "id": "standard", "version": 1, "kind": "opportunity", "title": {"zh": "x", "en": "x"},
        "stages": stages + last, "signed_from": ["BIDDING"], "default_terms": [{"share": 1, "days": 30}],
        "numbers": {"contract": head + n, "receivable": f"{'AR-{n:04d}' if head == 'Y' else head + 'R' + n}"},
    }  # fmt: skip


def test_the_year_of_a_number_is_the_tenants() -> None:
    deal = Deal()
    deal.rig.config("tenant", "default", {"timezone": "Pacific/Kiritimati"})  # 14 hours ahead
    for n in "123":
        deal.bidding(f"P-{n}", f"L-{n}")
    year = 1_798_711_200_000  # 2026-12-31T10:00:00Z: 2027 begins there
    deal.rig.now = year + DAY
    numbers = [deal.sign(f"P-{n}", signed_at=at)[1].subject for n, at in (("1", year), ("2", year - 1), ("3", year))]
    assert numbers == ["CT-2027-0001", "CT-2026-0001", "CT-2027-0002"]


def test_a_contract_of_nothing_is_refused_and_takes_no_number() -> None:
    deal = Deal()
    deal.bidding()
    (refusal,) = deal.sign(amount="0.00")
    assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == ("domain", "amount", "0")
    assert only(deal.sign(), "contract.created")[0]["contract_id"].endswith("-0001")


def test_without_terms_of_the_deal_or_the_flow_there_is_a_contract_and_no_receivable() -> None:
    deal = Deal()
    deal.rig.config("tenant", "default", {"flow": "plain"})
    for name in ("P-1", "P-2"):
        opened = {"opportunity_id": name, "owner_id": "E-1", "amount": Decimal("55.00"), "customer_id": "C-1"}
        deal.tell("opportunity.opened", **opened)
    _, contract = deal.sign("P-1")
    assert (contract.type, contract.data["status"], contract.data["lead_id"]) == ("contract.created", "EFFECTIVE", "")
    terms = [{"share": Decimal("1.0000"), "due_date": date(2026, 6, 1)}]
    assert types(deal.sign("P-2", payment_terms=terms)) == [
        "opportunity.signed", "contract.created", "receivable.created",
    ]  # fmt: skip
