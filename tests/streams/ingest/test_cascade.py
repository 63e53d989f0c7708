"""What a fact brings with it: children of any depth, in order, and all or nothing."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from sharedchain.errors import Refused
from sharedchain.fact import Derived
from sharedchain.scope import COMMANDS
from sharedchain.spine import derived_record
from tests.streams.ingest.rig import CATALOG, NOW, Rig
from tests.streams.ingest.steps import WAY, Deal, types


def backwards(deal: Deal) -> None:
    """Everything of a deal but its lead, each before its parent."""
    deal.pay("40.00", payment="1")
    deal.pay("60.00", payment="2")
    for here, there in itertools.pairwise(WAY):
        deal.move("P-1", here, there)
    deal.sign()
    deal.tell("lead.contact.logged", lead_id="L-1", contact_id="K-1")
    deal.tell("lead.converted", lead_id="L-1", opportunity_id="P-1")


def test_a_late_lead_releases_its_whole_chain_in_one_turn() -> None:
    deal = Deal()
    backwards(deal)
    assert {f.kind for f, _ in deal.rig.spine if f.scope == "default"} == {"parked"}
    facts = deal.lead()
    assert types(facts) == [
        "lead.captured",
        "lead.contact.logged",
        "lead.converted",
        "opportunity.created",
        *["opportunity.stage.changed"] * 3,
        "opportunity.signed",
        "contract.created",
        "receivable.created",
        "payment.received",
        "payment.allocated",
        "payment.received",
        "payment.allocated",
        "receivable.settled",
    ]
    assert {f.correlation for f in facts} == {"L-1"}
    assert {f.recorded for f in facts} == {facts[0].recorded}
    assert facts[3].data["contact_ids"] == ["K-1"]
    assert not [n for n in deal.rig.book.values if n.startswith(("parked/", "children/", "timer/"))]


def test_an_aborted_turn_leaves_the_children_where_they_were() -> None:
    rig = Rig()
    rig.aborts = 2
    deal = Deal(rig)
    backwards(deal)
    assert [f.subject for f in deal.lead() if f.type in ("contract.created", "receivable.created")] == [
        "CT-2026-0001",
        "AR-0001",
    ]
    assert rig.recovered().identities == rig.book.identities


def test_a_child_that_may_not_follow_is_refused_and_its_siblings_go_on() -> None:
    deal = Deal()
    deal.move("P-1", "FOLLOWING", "IN_REVIEW")
    deal.move("P-1", "FOLLOWING", "PROJECT_APPROVED")
    deal.lead()
    facts = deal.tell("lead.converted", lead_id="L-1", opportunity_id="P-1")
    assert types(facts) == ["lead.converted", "opportunity.created", "transition", "opportunity.stage.changed"]
    assert (facts[2].data["owner"], facts[2].correlation) == ("E-1", "L-1")
    (letter,) = deal.rig.last.dead
    assert (letter.refusal, letter.record) == (facts[2], None)


def test_derived_facts_are_marked_for_their_own_topic_and_no_other_is() -> None:
    deal = Deal()
    deal.bidding()
    deal.sign()
    said = {(e.fact.type, e.live) for e in deal.rig.last.entries}
    assert said == {("opportunity.signed", False), ("contract.created", True), ("receivable.created", True)}


def test_ids_of_derived_facts_differ_where_their_causes_do() -> None:
    deal = Deal()
    deal.bidding()
    deal.sign()
    made = []
    for source, payment in (("a", "1"), ("b", "2"), ("a", "3")):
        data = {"payment_id": payment, "receivable_id": "AR-0001", "amount": Decimal("1.00"), "received_at": NOW}
        made += deal.rig.publish("payment.received", data, source=source, id=f"x{payment}")[1:]
    assert len({f.id for f in made}) == len(made) == 3


@pytest.mark.parametrize("source", ["sharedchain:ingest", "sharedchain:engine", "sharedchain:"])
def test_nobody_else_may_speak_as_the_chain(source: str) -> None:
    (refusal,) = Deal(source=source, id="1").lead()
    assert (refusal.data["reason"], refusal.data["field"]) == ("permission", "ce_source")


def test_rules_command_on_their_own_topic_and_nowhere_else() -> None:
    """What only the engine may write is what says who speaks: a header can be written by anybody."""
    rig = Rig()
    case = {"case_id": "SE-9", "template_id": "SE", "subject": "LOT-77"}
    command = Derived(
        type="case.opened", id="d1", subject="SE-9", data=case, scope="default", partition=1, seq=4, n=1, recorded=NOW,
        time=NOW, causation="c",
    )  # fmt: skip
    (posed,) = rig.publish("case.opened", case, source="sharedchain:engine", id="d1")
    (stranger,) = rig.take(COMMANDS, derived_record(rig.codec, command).value, source="crm", id="d1")
    own = rig.codec.encode(CATALOG.types["lead.disqualified"], {"lead_id": "L", "reason": "x"})
    (uncommanded,) = rig.take(COMMANDS, own, source="sharedchain:engine", id="d2")
    opened = rig.command(command)[0]
    assert [f.data["reason"] for f in (posed, stranger, uncommanded)] == ["permission", "permission", "undeclared_type"]
    assert (opened.kind, opened.type, opened.source, opened.id) == ("fact", "case.opened", "sharedchain:engine", "d1")
    assert rig.command(command) == []


def test_a_stranger_makes_no_contract() -> None:
    deal = Deal()
    deal.bidding()
    deal.sign()
    value = next(value for fact, value in deal.rig.spine if fact.type == "contract.created")
    doors = [t.name for t in CATALOG.topics.values() if t.ingest]
    assert {types(deal.rig.take(door, value, id=door, source="x"))[0] for door in doors} == {"undeclared_type"}


def test_an_attempt_that_fails_leaves_no_trace() -> None:
    rig = Rig()
    turn = rig.turn()

    def half() -> None:
        with turn.attempt():
            turn.book.put("x", 1)
            raise Refused("domain", "no")

    with pytest.raises(Refused):
        half()
    assert (turn.book.get("x"), turn.entries) == (None, [])
    with turn.attempt():
        turn.book.put("x", 2)
    assert turn.book.get("x") == 2
