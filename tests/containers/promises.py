"""What the sink and its tables promise, as a body that any ClickHouse can be held to: embedded, a server, a cluster."""

from __future__ import annotations

from sharedchain.endpoints import ClickHouse
from sinks.clickhouse.migrate import migrate, read_migrations
from sinks.clickhouse.rows import ALERTS, Row, alert_row
from sinks.clickhouse.store import Store, connect
from tests.sinks.rig import alert

COUNT = "SELECT count(), uniqExact(alert_id) FROM alerts"


def rows(*numbers: int) -> list[Row]:
    return [alert_row(alert(number), number) for number in numbers]


def counted(where: ClickHouse) -> tuple[int, int]:
    with connect(where) as client:
        ((count, ids),) = client.query(COUNT).result_rows
    return count, ids


def migrations_once(owner: ClickHouse, sink: ClickHouse) -> None:
    """The owner applies every file once; afterwards the sink, who may change nothing, finds nothing to do."""
    assert migrate(owner) == [migration.name for migration in read_migrations()]
    assert migrate(owner) == []
    assert migrate(sink) == []


def exactly_once(first: ClickHouse, second: ClickHouse, reader: ClickHouse) -> None:
    """A batch whose acknowledgement was lost comes again, by another process and another way in; it counts once.

    `first` and `second` enter the same tables (a cluster: by different replicas).
    """
    batch, later = rows(1, 2, 3), rows(4)
    for way in (first, second, first):
        store = Store(way)
        store.insert(ALERTS, batch, "1:alerts:ops.alert.v1-0:0-3")
        store.close()
    assert counted(reader) == (3, 3)
    Store(second).insert(ALERTS, later, "1:alerts:ops.alert.v1-0:3-4")
    assert counted(reader) == (4, 4)
    Store(second).insert(ALERTS, later, "2:alerts:ops.alert.v1-0:3-4")  # another name: it is the name that counts
    assert counted(reader) == (5, 4)
