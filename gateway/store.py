"""What was decided, read from ClickHouse. `Store` is the seam: tests put rows behind it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from gateway.queries import Query
from sharedchain.endpoints import ClickHouse
from sharedchain.envelope import rfc3339
from sharedchain.errors import ConnectionFailed

Row = Mapping[str, Any]


class Store(Protocol):
    async def rows(self, query: Query) -> list[Row]:
        """The rows of `query`; times as RFC 3339 UTC text, decimals as text. Raises ConnectionFailed."""
        ...

    async def ping(self) -> None:
        """Raises ConnectionFailed when the store does not answer."""
        ...


class ClickHouseStore:
    """Reads over ClickHouse's HTTP interface. The connection is made at the first query and kept."""

    def __init__(self, endpoint: ClickHouse, *, timeout: float = 10.0) -> None:
        self._endpoint = endpoint
        self._timeout = timeout
        self._client: Client | None = None
        self._lock = threading.Lock()

    async def rows(self, query: Query) -> list[Row]:
        return await asyncio.to_thread(self._rows, query)

    async def ping(self) -> None:
        await self.rows(Query(sql="SELECT 1", parameters={}))

    def _rows(self, query: Query) -> list[Row]:
        try:
            result = self._connected().query(
                query.sql,
                parameters=dict(query.parameters),
                settings={"max_execution_time": int(self._timeout), "max_memory_usage": 1 << 30},
            )
        except (ClickHouseError, HTTPError, OSError) as error:
            raise ConnectionFailed(f"ClickHouse at {self._endpoint.url}: {_first_line(error)}") from error
        return [{name: plain(value) for name, value in row.items()} for row in result.named_results()]

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = clickhouse_connect.get_client(
                    **self._endpoint.address(),
                    autogenerate_session_id=False,  # one client serves all threads
                    connect_timeout=3,
                    send_receive_timeout=self._timeout,
                )
            return self._client


def plain(value: Any) -> Any:
    """A column value as JSON data: exact decimals and UTC times as text."""
    match value:
        case datetime():
            return rfc3339(round(value.replace(tzinfo=value.tzinfo or UTC).timestamp() * 1000))
        case Decimal():
            return format(value, "f")
        case list() | tuple():
            return [plain(one) for one in value]
    return value


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
