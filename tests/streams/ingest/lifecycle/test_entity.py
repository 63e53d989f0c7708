"""One correlation from lead to payment, and an owner for every refusal."""

from __future__ import annotations

from tests.streams.ingest.rig import Rig, forecast
from tests.streams.ingest.steps import SE, Deal, types


def correlations(rig: Rig) -> set[str]:
    return {f.correlation for f, _ in rig.spine if f.kind in ("fact", "refusal")}


def test_one_correlation_runs_from_lead_to_payment() -> None:
    deal = Deal()
    deal.bidding()
    deal.case()
    deal.done("CA-1", "legal")
    deal.sign()
    deal.done("CA-1", "finance")
    deal.pay("1000.00")
    deal.tell("project.created", project_id="PRJ-1", opportunity_id="P-1")
    deal.move("P-1", "SIGNED", "LOST")
    assert correlations(deal.rig) == {"L-1"}
    assert {f.type for f, _ in deal.rig.spine if f.correlation} >= {
        "payment.allocated",
        "case.closed",
        "record.rejected",
    }


def test_what_the_publisher_says_is_kept_and_handed_on() -> None:
    deal = Deal(correlationid="X")
    deal.bidding()
    deal.said = {}
    deal.sign()
    deal.case("CA-1", "AR-0001")
    assert correlations(deal.rig) == {"X"}


def test_what_begins_a_chain_correlates_by_itself() -> None:
    deal = Deal()
    deal.rig.config("flow", "SE", SE)
    (published,) = deal.rig.publish("forecast.published", forecast())
    opened = deal.case("SE-1", "LOT-77", "SE")
    assert (published.correlation, {f.correlation for f in opened}) == ("F-1", {"SE-1"})


def test_a_child_that_waited_has_the_correlation_of_its_parent() -> None:
    deal = Deal()
    (waiting,) = deal.tell("lead.contact.logged", lead_id="L-1", contact_id="K-1")
    assert (waiting.kind, waiting.correlation) == ("parked", "")
    assert [f.correlation for f in deal.lead()] == ["L-1", "L-1"]


def test_an_owner_named_in_the_event_comes_before_the_entitys() -> None:
    deal = Deal()
    deal.opened()
    (refusal,) = deal.case("CA-1", "P-1", "XX", opened_by="E-9")
    assert (types([refusal]), refusal.data["owner"]) == (["domain"], "E-9")
    (refusal,) = deal.case("CA-1", "P-1", "XX")
    assert refusal.data["owner"] == "E-1"
