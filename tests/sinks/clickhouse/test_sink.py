"""A batch becomes inserts whose tokens are its name; what fails comes again with the same."""

from __future__ import annotations

from typing import Any

import pytest

from sharedchain.codec import Codec
from sharedchain.errors import ConnectionFailed
from sharedchain.schemas import Catalog
from sharedchain.spine import derived_record
from sinks.batch import Batch, Record, cut
from sinks.clickhouse.feeds import feeds
from sinks.clickhouse.rows import Row, Table
from sinks.clickhouse.sink import ClickHouseSink
from sinks.runner import Done, Later
from tests.sinks.rig import ALERTS, alert

CATALOG = Catalog.load()


class Schemas:
    """A registry in memory; `down` makes it fail."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.down = False

    def schema_by_id(self, schema_id: int) -> str:
        if self.down:
            raise ConnectionFailed("the registry is away")
        return self.texts[schema_id - 1]

    def register(self, subject: str, schema: str) -> int:
        if schema not in self.texts:
            self.texts.append(schema)
        return self.texts.index(schema) + 1


class Store:
    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.inserted: list[tuple[str, str, list[Row]]] = []

    def insert(self, table: Table, rows: list[Row], token: str) -> None:
        self.inserted.append((table.name, token, rows))
        if self.failures:
            self.failures -= 1
            raise ConnectionFailed("ClickHouse is away")


@pytest.fixture
def schemas() -> Schemas:
    return Schemas()


def batch(codec: Codec, *extra: Record) -> Batch:
    made = [derived_record(codec, alert(8 * n)) for n in range(2)]
    records = [Record(ALERTS, 0, n, m.key, m.value, m.headers) for n, m in enumerate(made)]
    return cut((ALERTS, 0), [*records, *extra], epoch=4, limit=10)


def test_rows_go_under_the_batchs_name(schemas: Schemas) -> None:
    codec, store = Codec(schemas, CATALOG), Store()
    assert ClickHouseSink(store, codec, feeds(CATALOG)).write(batch(codec)) == Done()
    ((table, token, rows),) = store.inserted
    assert (table, token) == ("alerts", "4:alerts:ops.alert.v1-0:0-2")
    assert [row[1] for row in rows] == ["alert-0", "alert-8"]


def test_twice_is_the_same_twice(schemas: Schemas) -> None:
    codec, store = Codec(schemas, CATALOG), Store(failures=1)
    sink = ClickHouseSink(store, codec, feeds(CATALOG))
    again = sink.write(batch(codec))
    assert isinstance(again, Later)
    assert again.why == "ClickHouse is away"
    assert sink.write(batch(codec)) == Done()
    assert store.inserted[0] == store.inserted[1]


def test_an_absent_registry_is_waited_for_and_makes_no_dead_letter(schemas: Schemas) -> None:
    codec, store = Codec(schemas, CATALOG), Store()
    made = batch(codec)
    schemas.down = True
    fresh = ClickHouseSink(store, Codec(schemas, CATALOG), feeds(CATALOG))
    assert isinstance(fresh.write(made), Later)
    assert store.inserted == []


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"junk", []),
        (None, []),
        (b"\x00\x00\x00\x00\x01", []),
        (b"\x00", [("sc_scope", b"\xff"), ("sc_recorded", b"1")]),
    ],
)
def test_what_nobody_can_read_is_kept_beside_its_neighbours(schemas: Schemas, value: Any, headers: Any) -> None:
    codec, store = Codec(schemas, CATALOG), Store()
    sink = ClickHouseSink(store, codec, feeds(CATALOG))
    assert sink.write(batch(codec, Record(ALERTS, 0, 2, None, value, headers))) == Done()
    assert [(table, len(rows)) for table, _, rows in store.inserted] == [("alerts", 2), ("dead_letters", 1)]
    assert [token for _, token, _ in store.inserted] == [
        "4:alerts:ops.alert.v1-0:0-3",
        "4:dead_letters:ops.alert.v1-0:0-3",
    ]


def test_a_readable_record_of_another_topic_is_kept_as_a_dead_letter(schemas: Schemas) -> None:
    codec, store = Codec(schemas, CATALOG), Store()
    made = derived_record(codec, alert(0))
    lead = codec.encode(CATALOG.types["lead.captured"], {"lead_id": "L"})
    sink = ClickHouseSink(store, codec, feeds(CATALOG))
    assert sink.write(batch(codec, Record(ALERTS, 0, 2, None, lead, made.headers))) == Done()
    assert [(table, len(rows)) for table, _, rows in store.inserted] == [("alerts", 2), ("dead_letters", 1)]


def test_every_topic_that_the_barrier_waits_for_is_fed() -> None:
    assert {t.dlq for t in CATALOG.topics.values() if t.ingest} < set(feeds(CATALOG))
    assert {"chain.facts.v1", "sales.forecast.live.v1", ALERTS, "ops.metric.v1", "ops.notification.v1"} < set(
        feeds(CATALOG)
    )
