"""Inserts from a stream of bytes: committed when the body is whole, not at all when it is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deploy.local.clickhouse.engine import Handle
from deploy.local.clickhouse.errors import ClickHouseError


@dataclass(frozen=True)
class Written:
    """Rows and bytes written, those of materialized views included."""

    rows: int
    bytes: int


def insert(handle: Handle, head: str, format_name: str, chunks: Iterable[bytes]) -> Written:
    """Run `head` (an INSERT without FORMAT) over the chunks. Raises ClickHouseError and whatever `chunks` raise."""
    try:
        inserter = handle.send_insert(head, format_name)
    except (RuntimeError, ValueError) as raised:
        raise ClickHouseError.from_engine(raised) from None
    try:
        for chunk in chunks:
            if chunk:
                inserter.append(chunk)
        done = inserter.finish()
    except (RuntimeError, ValueError) as raised:
        raise ClickHouseError.from_engine(raised) from None
    finally:
        inserter.cancel()  # nothing to do after finish(); else nothing is committed
    return Written(done.rows_written, done.bytes_written)
