"""One chain laid out."""

from __future__ import annotations

import pytest

from gateway.chain import ids_of, laid_out
from gateway.kin import chains, read
from gateway.trail import Clock
from sharedchain.trace import Chain
from tests.gateway.lead_to_cash import Log, ms, quarter

CLOCK = Clock(ms("05-05 23:59"), "Asia/Shanghai")


def lay(log: Log, ident: str) -> Chain:
    return laid_out(chains(read(log.rows), [ident])[0], [], [], [], CLOCK)


def test_ids_stand_by_kind_in_the_order_of_the_chain() -> None:
    facts = chains(read(quarter().rows), ["OPP-0003"])[0]
    assert list(ids_of(facts)) == ["lead", "opportunity", "contract", "receivable", "case"]


def test_a_lost_opportunity_is_closed_and_took_its_time() -> None:
    chain = lay(quarter(), "OPP-0004")
    assert (chain.stage, chain.closed, chain.seconds, chain.cash) == ("LOST", True, 30 * 86_400, None)


@pytest.mark.parametrize(("old", "new"), [("48000000.00", "50000000.00")])
def test_the_amount_is_the_one_said_last(old: str, new: str) -> None:
    log = Log()
    log.add("04-12 09:00", "opportunity.created", "OPP-1", opportunity_id="OPP-1", amount=old, currency="EUR")
    log.add("04-13 09:00", "opportunity.amount.changed", "OPP-1", opportunity_id="OPP-1", old=old, new=new)
    chain = lay(log, "OPP-1")
    assert (chain.amount, chain.currency, chain.stage) == (new, "EUR", "FOLLOWING")


def test_a_chain_begins_with_what_was_accepted() -> None:
    log = Log()
    log.refuse("04-01 09:00", "lead.captured", "LEAD-1", reason="missing_field")
    log.add("04-02 09:00", "lead.captured", "LEAD-1", lead_id="LEAD-1", prospect_name="Example")
    log.add("04-03 09:00", "lead.disqualified", "LEAD-1", lead_id="LEAD-1", reason="no budget")
    chain = lay(log, "LEAD-1")
    assert (chain.began_local, chain.seconds) == ("2026-04-02 09:00 +08:00", 86_400)
    assert (chain.stage, chain.closed, chain.prospect_name) == ("DISQUALIFIED", True, "Example")


def test_what_holds_is_what_the_log_decided_last_whatever_day_it_is_dated() -> None:
    log = Log()
    log.add("04-12 09:00", "opportunity.created", "OPP-1", opportunity_id="OPP-1", amount="1.00", stage="BIDDING")
    signed = log.add("04-11 00:00", "opportunity.signed", "OPP-1", opportunity_id="OPP-1", amount="2.00")
    named = {"receivable_id": "AR-1", "opportunity_id": "OPP-1"}
    log.then("04-11 00:00", "receivable.created", "AR-1", signed, total="2.00", currency="CNY", **named)
    for number, (at, left) in enumerate((("05-02 09:00", "1.50"), ("05-01 09:00", "1.00"))):
        named = {"receivable_id": "AR-1", "payment_id": f"P-{number}", "surplus": "0.00"}
        log.then(at, "payment.allocated", "AR-1", "", outstanding=left, **named)
    chain = lay(log, "OPP-1")
    assert (chain.stage, chain.amount, [one.stage for one in chain.stages]) == ("SIGNED", "2.00", ["BIDDING", "SIGNED"])
    assert chain.cash is not None
    assert (chain.cash.outstanding, chain.cash.first_payment_at) == ("1.00", "2026-05-01T01:00:00.000Z")


def test_a_case_alone_is_not_refused_because_a_step_of_it_was() -> None:
    log = Log()
    log.add("04-12 09:00", "case.opened", "SE-1", "SE-1", case_id="SE-1", template_id="SE")
    log.refuse("04-12 10:00", "case.node.completed", "SE-1", "SE-1", reason="evidence")
    assert lay(log, "SE-1").stage == ""


def test_a_contract_that_nobody_billed_says_so() -> None:
    log = Log()
    log.add("04-12 09:00", "opportunity.created", "OPP-1", opportunity_id="OPP-1", amount="1.00", stage="FOLLOWING")
    signed = log.add("04-13 00:00", "opportunity.signed", "OPP-1", opportunity_id="OPP-1", amount="2.00")
    assert not lay(log, "OPP-1").unbilled
    named = {"contract_id": "CT-1", "opportunity_id": "OPP-1", "amount": "2.00"}
    log.then("04-13 00:00", "contract.created", "CT-1", signed, status="EFFECTIVE", **named)
    assert lay(log, "OPP-1").unbilled
    assert not lay(quarter(), "OPP-0001").unbilled
    assert not lay(quarter(), "OPP-0003").unbilled  # blocked: it is not yet to be billed
