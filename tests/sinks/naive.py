"""The sink one would write first: token from the batch's offsets, commit behind the insert, no intent. A red twin."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from confluent_kafka import KafkaException

from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.failpoint import failpoint
from sharedchain.kafka import consumer
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import SPINE
from sinks.batch import Record, cut
from sinks.clickhouse.feeds import feeds, rows_of
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.store import Store
from sinks.program import prepare


def main() -> None:
    stopping = prepare()
    endpoints = Endpoints.load(Path(sys.argv[sys.argv.index("--home") + 1]))
    migrate(endpoints.clickhouse)
    catalog = Catalog.load()
    codec, store = Codec(Registry(endpoints.registry), catalog), Store(endpoints.clickhouse)
    reader = consumer(endpoints, "test.naive", **{"group.instance.id": "one", "session.timeout.ms": 6_000})
    reader.subscribe([SPINE])
    logging.info("now own what comes")
    while not stopping.is_set():
        found: dict[int, list[Record]] = {}
        for m in reader.consume(10_000, 0.2):
            if error := m.error():
                raise KafkaException(error)
            headers, value = m.headers(), m.value()
            assert isinstance(headers, list)
            assert isinstance(value, bytes)
            place = (SPINE, m.partition() or 0, m.offset() or 0)
            found.setdefault(m.partition() or 0, []).append(Record(*place, None, value, headers))  # type: ignore[arg-type]
        for partition, records in found.items():
            batch = cut((SPINE, partition), records, 1, len(records))
            for table, rows in rows_of(codec, feeds(catalog)[SPINE], batch):
                store.insert(table, rows, f"{table.name}:{batch.name}")
        if found:
            failpoint("sink.after_insert")
            reader.commit(asynchronous=False)
    reader.close()


if __name__ == "__main__":
    main()
