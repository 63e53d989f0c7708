from __future__ import annotations

from decimal import Decimal

import pytest

from sharedchain.core.functions import logistic


@pytest.mark.parametrize(
    ("x", "share"),
    [("0", "0.5000"), ("1.5", "0.8176"), ("-1.5", "0.1824"), ("1000000", "1.0000"), ("-1000000", "0.0000")],
)
def test_the_logistic(x: str, share: str) -> None:
    assert round(logistic(Decimal(x)), 4) == Decimal(share)
