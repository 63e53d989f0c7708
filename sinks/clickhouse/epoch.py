"""Which store this is. Positions in Kafka speak of one store; another one starts from the beginning of the log.

The number is drawn when the tables are made and stands in the table `store`. Each committed position carries it, so
tables that were thrown away, or never came along, are filled again by themselves.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from clickhouse_connect.driver.client import Client

from sharedchain.endpoints import ClickHouse
from sharedchain.errors import ConnectionFailed
from sinks.batch import FIRST_EPOCH
from sinks.clickhouse.rows import TABLES
from sinks.clickhouse.store import connect

CREATE = """CREATE TABLE IF NOT EXISTS store
(
    epoch UInt32 COMMENT 'carried by the positions of the sinks: others say nothing about these tables',
    created DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'wall clock'
)
ENGINE = MergeTree ORDER BY epoch SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'One row: which store this is'"""


FILLED = (
    "SELECT sum(ifNull(total_rows, 0)) FROM system.tables "
    "WHERE database = {database:String} AND name IN {names:Array(String)}"
)


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
    there = "SELECT name FROM system.tables WHERE database = {database:String} AND name IN ('store', 'migrations')"
    with connect(where) as client:
        tables = {name for (name,) in client.query(there, {"database": where.database}).result_rows}
        if tables == {"migrations"}:
            return FIRST_EPOCH
        if "store" in tables and (found := _read(client)) is not None:
            return found
    raise ConnectionFailed(f"{where.url}: {where.database} does not say which store it is: it is being made; try again")


def filled(where: ClickHouse, names: Sequence[str] = tuple(TABLES)) -> bool:
    """Whether rows of the log are in the tables, as the server counts them: who only writes may not read them."""
    with connect(where) as client:
        ((rows,),) = client.query(FILLED, {"database": where.database, "names": list(names)}).result_rows
    return bool(rows)


def _read(client: Client) -> int | None:
    rows = client.query("SELECT epoch FROM store ORDER BY created LIMIT 1").result_rows
    return int(rows[0][0]) if rows else None
