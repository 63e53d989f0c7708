"""Payments: allocated once and never refused for being too much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.streams.ingest.rig import DAY
from tests.streams.ingest.steps import Deal, only, term, types

TERMS = [term("0.3", "2026-05-03"), term("0.6", "2026-04-20"), term("0.1", "2026-08-29")]  # 30, 60, 10


@pytest.fixture
def deal() -> Deal:
    found = Deal()
    found.bidding()
    found.sign(payment_terms=TERMS)
    return found


def paid(deal: Deal, amount: str, **said: Any) -> tuple[list[tuple[int, str, str]], str, str]:
    """(parts, outstanding, surplus) of one payment."""
    (told,) = only(deal.pay(amount, **said), "payment.allocated")
    parts = [(p["instalment_no"], str(p["amount"]), str(p["left"])) for p in told["parts"]]
    return parts, str(told["outstanding"]), str(told["surplus"])


def test_the_oldest_unpaid_comes_first(deal: Deal) -> None:
    assert paid(deal, "40.00", payment="1") == ([(2, "40.00", "20.00")], "60.00", "0.00")
    assert paid(deal, "25.00", payment="2") == ([(2, "20.00", "0.00"), (1, "5.00", "25.00")], "35.00", "0.00")


def test_the_instalment_named_comes_before_and_the_rest_goes_on(deal: Deal) -> None:
    parts = [(3, "10.00", "0.00"), (2, "20.00", "40.00")]
    assert paid(deal, "30.00", instalment_no=3) == (parts, "70.00", "0.00")


def test_what_is_too_much_is_kept_and_told(deal: Deal) -> None:
    facts = deal.pay("101.50")
    assert types(facts) == ["payment.received", "payment.allocated", *["receivable.settled"] * 3]
    assert all(f.causation == facts[0].id and f.correlation == "L-1" for f in facts[1:])
    assert only(facts, "payment.allocated")[0]["surplus"] == Decimal("1.50")
    settled = only(facts, "receivable.settled")
    assert [(s["instalment_no"], str(s["amount"]), s["days"], s["closed"]) for s in settled] == [
        (2, "60.00", 4, False),
        (1, "30.00", -9, False),
        (3, "10.00", -127, True),
    ]
    assert paid(deal, "7.00", payment="2") == ([], "0.00", "7.00")


def test_an_instalment_is_settled_on_the_local_day_it_was_paid(deal: Deal) -> None:
    deal.rig.now += 13 * DAY
    (settled,) = only(deal.pay("30.00", instalment_no=1, received_at=1_777_996_800_000 - 1), "receivable.settled")
    assert settled["days"] == 2  # 5 May, 23:59:59.999 in Shanghai


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [({"instalment_no": 4}, "instalment_no", "4"), ({"currency": "USD"}, "currency", "USD")],
)
def test_a_payment_for_something_else_is_refused(deal: Deal, change: dict[str, Any], field: str, value: str) -> None:
    (refusal,) = deal.pay("1.00", **change)
    assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == ("domain", field, value)
    assert (refusal.data["owner"], refusal.correlation) == ("E-1", "L-1")


def test_a_payment_of_an_order_has_no_parent_to_wait_for(deal: Deal) -> None:
    facts = deal.pay("5.00", receivable=None, order_id="SO-1")  # type: ignore[arg-type]
    assert [(f.kind, f.type) for f in facts] == [("fact", "payment.received")]


def test_a_payment_told_twice_is_allocated_once(deal: Deal) -> None:
    deal.pay("5.00")
    assert deal.pay("5.00") == []
    assert paid(deal, "1.00", payment="2")[1] == "94.00"


def test_a_payment_told_again_with_other_money_is_refused_and_not_added(deal: Deal) -> None:
    deal.pay("5.00")
    deal.said = {"id": "P-1b", "source": "bank"}  # not the payload's but another name of the event
    (refusal,) = deal.pay("6.00")
    assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == ("domain", "payment_id", "PAY-1")
    deal.said = {}
    assert paid(deal, "1.00", payment="2")[1] == "94.00"


def test_a_payment_of_nothing_is_refused(deal: Deal) -> None:
    (refusal,) = deal.pay("0.00")
    assert (refusal.data["reason"], refusal.data["field"], refusal.data["value"]) == ("domain", "amount", "0")
