"""What the auditor compares: the log as Kafka has it, and the rows as ClickHouse has them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.fact import KIND
from sharedchain.kafka import quiet_consumer
from sharedchain.scope import PARTITIONS, SPINE
from sinks.batch import Place, read_intent
from sinks.clickhouse.auditor import Stretch
from sinks.clickhouse.recount import Declared, Recounted, declared, recount
from sinks.clickhouse.store import connect

TABLES = {  # topic → where its records are; `partition` of a row is that of the topic
    SPINE: "facts WHERE n = 0 AND",
    "ops.metric.v1": "metric_minute WHERE",
    "ops.alert.v1": "alerts WHERE",
}
_LETTERS = "dead_letters WHERE topic = {topic:String} AND"  # what could not be read is kept there
_WAIT = 10.0  # seconds for an answer of Kafka
_PATIENCE = 60.0  # seconds for the records of a stretch
_DAYS = 1  # of minute metrics that are worked out again each time


class KafkaAndClickHouse:
    """`auditor.Sides`. Asks as the group of the sink, joins nothing, commits nothing."""

    def __init__(self, endpoints: Endpoints, group: str, epoch: int) -> None:
        self._endpoints, self._epoch = endpoints, epoch
        # Small buffers: a stretch is 10,000 records, and nobody waits for it.
        self._log: Consumer = quiet_consumer(
            endpoints, group, enable_partition_eof=True, queued_max_messages_kbytes=2048, fetch_wait_max_ms=10
        )
        self._declared: list[Declared] = []

    def written(self) -> Mapping[Place, int]:
        places = [TopicPartition(topic, p) for topic in TABLES for p in range(PARTITIONS)]
        at = self._log.committed(places, timeout=_WAIT)
        told = [p for p in at if p.error is None and p.offset >= 0]
        ours = [p for p in told if read_intent(p.offset, p.metadata).epoch == self._epoch]
        return {(p.topic, p.partition): p.offset for p in ours}

    def log(self, place: Place, start: int | None, upto: int, limit: int) -> Stretch | None:
        self._log.assign([TopicPartition(*place, OFFSET_BEGINNING if start is None else start)])
        rows: list[int] = []
        first, last, left = -1, -1, limit
        until = time.monotonic() + _PATIENCE
        try:
            while left and last < upto - 1 and time.monotonic() < until:
                for message in self._log.consume(left, 0.2):
                    offset = message.offset() or 0
                    if (error := message.error()) is not None and error.code() != KafkaError._PARTITION_EOF:
                        raise KafkaException(error)
                    if error is not None or offset >= upto:
                        return _stretch(first, upto, rows)
                    first, last, left = (offset if first < 0 else first), offset, left - 1
                    if not _tick(message.headers()):
                        rows.append(offset)
        finally:
            self._log.unassign()
        if first < 0:
            raise ConnectionFailed(f"{place[0]}/{place[1]}: no answer in {_PATIENCE:.0f} s")
        return _stretch(first, last + 1, rows)

    def stored(self, place: Place, first: int, end: int) -> Sequence[int]:
        said = {"topic": place[0], "partition": place[1], "first": first, "end": end}
        here = "partition = {partition:UInt32} AND offset >= {first:Int64} AND offset < {end:Int64}"
        asked = " UNION ALL ".join(f"SELECT offset FROM {table} {here}" for table in (TABLES[place[0]], _LETTERS))
        with connect(self._endpoints.clickhouse) as client:
            return [int(offset) for (offset,) in client.query(asked, said).result_rows]

    def flows(self, skip: int, count: int) -> tuple[Sequence[Recounted], int]:
        with connect(self._endpoints.clickhouse) as client:
            if skip == 0:
                self._declared = declared(client, PARTITIONS)
            asked = self._declared[skip : skip + count]
            return [recount(client, one, days=_DAYS) for one in asked], len(self._declared)


def _stretch(first: int, end: int, rows: list[int]) -> Stretch | None:
    return Stretch(first, end, rows) if first >= 0 else None


def _tick(headers: Any) -> bool:
    """A tick is no business fact and has no row."""
    return any(name == KIND and value == b"tick" for name, value in headers or ())
