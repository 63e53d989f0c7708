"""ClickHouse over HTTP: the connection, and the one way rows are inserted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import clickhouse_connect
from clickhouse_connect.datatypes.base import ClickHouseType
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from sharedchain.endpoints import ClickHouse
from sharedchain.errors import ConnectionFailed
from sharedchain.health import WAIT, Peer
from sinks.clickhouse.rows import Row, Table

ABREAST = 2  # inserts at a time: while ClickHouse works on one, the next is made
# Never toggle the last one: rows inserted under the other value are not recognised in dependent views.
_EXACT = {"async_insert": 0, "insert_deduplicate": 1, "deduplicate_blocks_in_dependent_materialized_views": 1}


def connect(where: ClickHouse, database: str | None = None, wait: int = 60) -> Client:
    """A client without a server-side session, so that no call waits for another; `wait`: seconds for an answer.

    Raises ConnectionFailed.
    """
    address = where.address() | ({"database": database} if database else {})
    try:
        return clickhouse_connect.get_client(
            **address,
            autogenerate_session_id=False,
            connect_timeout=min(5, wait),
            send_receive_timeout=wait,
        )
    except (ClickHouseError, OSError) as error:
        raise ConnectionFailed(f"ClickHouse at {where.url} does not answer: {first_line(error)}") from error


class Store:
    """Inserts under tokens; connects when first needed and again after a failure."""

    def __init__(self, where: ClickHouse) -> None:
        self._where = where
        self._client: Client | None = None
        self._types: dict[str, list[ClickHouseType]] = {}

    def insert(self, table: Table, rows: Sequence[Row], token: str) -> None:
        """Insert all `rows`, once per `token` however often it is called with them.

        Raises ConnectionFailed for anything that went wrong: whether the rows are in is then not
        known, and only the same rows under the same token may be tried.
        """
        try:
            client = self._connected()
            types = self._types.get(table.name)
            if types is None:
                context = client.create_insert_context(table.name, list(table.columns))
                types = self._types[table.name] = list(context.column_types)
            settings: dict[str, Any] = {**_EXACT, "insert_deduplication_token": token}
            client.insert(table.name, rows, list(table.columns), column_types=types, settings=settings)
        except (ClickHouseError, OSError) as error:
            self.close()
            raise self._unsure(token, error) from error

    def insert_arrow(self, table: Table, stream: bytes, token: str) -> None:
        """The same for an Arrow stream with the table's columns."""
        try:
            client = self._connected()
            settings: dict[str, Any] = {**_EXACT, "insert_deduplication_token": token}
            client.raw_insert(table.name, list(table.columns), stream, fmt="ArrowStream", settings=settings)
        except (ClickHouseError, OSError) as error:
            self.close()
            raise self._unsure(token, error) from error

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
            self._types.clear()

    def _unsure(self, token: str, error: BaseException) -> ConnectionFailed:
        return ConnectionFailed(f"ClickHouse at {self._where.url} did not take {token}: {first_line(error)}")

    def _connected(self) -> Client:
        if self._client is None:
            self._client = connect(self._where)
        return self._client


def answers(where: ClickHouse) -> Peer:
    """Whether it takes a query."""

    def ask() -> None:
        try:
            with connect(where, wait=round(WAIT)) as client:
                client.command("SELECT 1")
        except (ClickHouseError, OSError) as error:
            raise ConnectionFailed(f"ClickHouse at {where.url} does not answer: {first_line(error)}") from error

    return ask


def first_line(error: BaseException) -> str:
    """A driver's error, short enough for a log line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
