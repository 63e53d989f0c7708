"""What was promised under an id stays the promise."""

from __future__ import annotations

from decimal import Decimal

from gateway.pledges import Pledges


def test_the_same_again_is_kept_and_another_is_not() -> None:
    pledges = Pledges()
    assert pledges.keep("a", {"amount": Decimal("1.00")})
    assert pledges.keep("a", {"amount": Decimal("1.00")})
    assert not pledges.keep("a", {"amount": Decimal("2.00")})
    assert pledges.keep("b", {"amount": Decimal("2.00")})


def test_what_was_not_sent_binds_nobody() -> None:
    pledges = Pledges()
    assert pledges.keep("a", {"amount": 1})
    pledges.forget("a")
    assert pledges.keep("a", {"amount": 2})
