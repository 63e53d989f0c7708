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
