"""Entities as facts leave them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sharedchain.core import entities
from sharedchain.core.state import ScopeState
from tests.core.deals import Deals
from tests.core.line import Line


@pytest.fixture
def deals() -> Deals:
    line = Line()
    line.begin("2026-05-01 09:00")
    return Deals(line)


def scope(deals: Deals) -> ScopeState:
    return deals.line.state.scopes["dongchen"]


def test_an_opportunity_from_its_creation_to_its_end(deals: Deals) -> None:
    deals.convert("L", "O", 10, "DE", customer_id="")
    deals.stage("O", "FOLLOWING", "BIDDING")
    deals.line.move("opportunity.amount.changed", "O", old=Decimal(1), new=Decimal(2), currency=None)
    deals.line.move("opportunity.signed", "O", amount=Decimal(3), currency="EUR", customer_id="C-1", signed_at=77)
    found = scope(deals).opportunities["O"]
    assert (found.stage, found.amount, found.currency, found.customer_id) == ("SIGNED", Decimal(3), "EUR", "C-1")
    assert (found.created, found.signed, found.lost) == (deals.line.now, 77, None)
    assert found.source == (3, deals.line.facts[-1].seq)
    deals.convert("L2", "P", 10)
    deals.lose("P")
    assert (scope(deals).opportunities["P"].stage, scope(deals).opportunities["P"].lost) == ("LOST", deals.line.now)


def test_the_customer_known_before_the_signing_stays_as_in_the_contract(deals: Deals) -> None:
    deals.convert("L", "O", 10, customer_id="C-1")
    deals.line.move("opportunity.signed", "O", amount=Decimal(3), currency=None, customer_id="C-2", signed_at=77)
    assert scope(deals).opportunities["O"].customer_id == "C-1"


def test_only_open_leads_are_remembered_and_an_older_contact_does_not_count(deals: Deals) -> None:
    for id_ in ("A", "B", "C"):
        deals.lead(id_)
    deals.contact("A", time=deals.line.now + 60_000)
    deals.contact("A", time=deals.line.now - 60_000)
    deals.drop("B")
    deals.convert("C", "O", 1)
    assert {id_: lead.contacted - deals.line.now for id_, lead in scope(deals).leads.items()} == {"A": 60_000}


def test_an_approval_makes_a_contract_effective(deals: Deals) -> None:
    deals.line.contract("CT-2026-0001", "O", "legal")
    assert scope(deals).contracts["CT-2026-0001"].status == "BLOCKED"
    deals.line.approved("CT-2026-0001", "O")
    assert scope(deals).contracts["CT-2026-0001"].status == "EFFECTIVE"


def test_a_receivable_falls_due_part_by_part(deals: Deals) -> None:
    deals.sign("O", 1, {"2026-05-02": "0.5", "2026-05-03": "0.5"}, amount=10, customer="C")
    assert set(scope(deals).dues) == {"2026-05-02", "2026-05-03"}
    assert entities.fall_due(scope(deals), date(2026, 5, 2)) == []
    assert entities.fall_due(scope(deals), date(2026, 5, 3)) == ["AR-0001"]
    entities.mark_late(scope(deals), "AR-0001", date(2026, 5, 3))
    assert [part.late for part in scope(deals).receivables["AR-0001"].instalments.values()] == [True, False]
    assert set(scope(deals).dues) == {"2026-05-03"}


def test_payments_are_what_was_allocated(deals: Deals) -> None:
    deals.sign("O", 1, {"2026-05-02": "0.5", "2026-05-03": "0.5"}, amount=10, customer="C")
    deals.pay("AR-0001", (1, 5, 0), (2, 1, 4))
    found = scope(deals).receivables["AR-0001"]
    assert found.paid == 6_000_000
    assert [part.left for part in found.instalments.values()] == [0, 4_000_000]
