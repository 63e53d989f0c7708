"""Column values as JSON data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from pydantic import SecretStr

from gateway.queries import Query
from gateway.store import ClickHouseStore, plain
from sharedchain.endpoints import ClickHouse
from sharedchain.errors import ConnectionFailed


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Decimal("178000000.0000"), "178000000.0000"),
        (Decimal("1E+3"), "1000"),
        (datetime(2026, 5, 1, 0, 0, 0, 123000, UTC), "2026-05-01T00:00:00.123Z"),
        (datetime(2026, 5, 1, 0, 0), "2026-05-01T00:00:00.000Z"),  # the driver's naive times are UTC
        (datetime(2026, 5, 1, 8, 0, tzinfo=timezone(timedelta(hours=8))), "2026-05-01T00:00:00.000Z"),
        (("E001", Decimal("1.5")), ["E001", "1.5"]),
        (None, None),
        (7, 7),
    ],
)
def test_plain(value: object, said: object) -> None:
    assert plain(value) == said


async def test_a_store_that_is_away_is_a_failed_connection_without_the_password() -> None:
    store = ClickHouseStore(ClickHouse(url="http://127.0.0.1:1", user="u", password=SecretStr("canary")), timeout=1)
    with pytest.raises(ConnectionFailed, match=r"ClickHouse at http://127\.0\.0\.1:1") as caught:
        await store.rows(Query(sql="SELECT 1", parameters={}))
    assert "canary" not in str(caught.value)
