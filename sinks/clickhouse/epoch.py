"""Which store this is. Positions in Kafka speak of one store; another one starts from the beginning of the log.

The number is drawn when the tables are made and stands in the table `store`. Each committed position carries it, so
tables that were thrown away, or never came along, are filled again by themselves.
"""

from __future__ import annotations

import secrets

from clickhouse_connect.driver.client import Client

from sharedchain.endpoints import ClickHouse
from sharedchain.errors import ConnectionFailed
from sinks.batch import FIRST_EPOCH
from sinks.clickhouse.store import connect

CREATE = """CREATE TABLE IF NOT EXISTS store
(
    epoch UInt32 COMMENT 'carried by the positions of the sinks: others say nothing about these tables',
    created DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'wall clock'
)
ENGINE = MergeTree ORDER BY epoch SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'One row: which store this is'"""


def claim(client: Client, *, fresh: bool) -> int:
    """The epoch of this store, drawn now if its table `store` is empty. One older than that table keeps the first.

    The token lets one row in, however many sinks start at once.
    """
    if (found := _read(client)) is not None:
        return found
    drawn = FIRST_EPOCH + 1 + secrets.randbelow(2**31) if fresh else FIRST_EPOCH
    client.insert("store", [[drawn]], ["epoch"], settings={"insert_deduplication_token": "store:epoch"})
    found = _read(client)
    assert found is not None
    return found


def epoch_of(where: ClickHouse) -> int:
    """The epoch of a migrated store. Raises ConnectionFailed, also where it has not reached this replica yet."""
    there = "SELECT count() FROM system.tables WHERE database = {database:String} AND name = 'store'"
    with connect(where) as client:
        ((tables,),) = client.query(there, {"database": where.database}).result_rows
        if not tables:
            return FIRST_EPOCH
        if (found := _read(client)) is not None:
            return found
    raise ConnectionFailed(f"{where.url}: the table store of {where.database} is empty: it is being made; try again")


def _read(client: Client) -> int | None:
    rows = client.query("SELECT epoch FROM store ORDER BY created LIMIT 1").result_rows
    return int(rows[0][0]) if rows else None
