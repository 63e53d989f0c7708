"""Which topic fills which table, and how its records are read.

A record of one of our own topics that cannot be read is kept as a dead letter (reason as the codec says), so
that nothing is lost and nothing behind it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sharedchain.codec import Codec
from sharedchain.errors import Refused
from sharedchain.refusals import DLQ_RECORDS
from sharedchain.schemas import Catalog
from sharedchain.scope import SPINE
from sharedchain.spine import read_derived_from, read_fact_from
from sinks import metrics
from sinks.batch import Batch, Record
from sinks.clickhouse.letters import refused_here, taken_over
from sinks.clickhouse.rows import (
    ALERTS,
    DEAD_LETTERS,
    FACTS,
    METRIC_MINUTE,
    NOTIFICATIONS,
    Row,
    Table,
    alert_row,
    dead_letter_row,
    derived_row,
    fact_row,
    light_row,
    metric_row,
    notification_row,
)

Read = Callable[[Codec, Record], Row | None]


def _spine(codec: Codec, record: Record) -> Row | None:
    return fact_row(
        read_fact_from(
            codec, partition=record.partition, offset=record.offset, headers=record.headers, value=record.value
        )
    )


def _live(codec: Codec, record: Record) -> Row:
    return derived_row(read_derived_from(codec, headers=record.headers, value=record.value), record.offset)


def _metric(codec: Codec, record: Record) -> Row:
    return metric_row(read_derived_from(codec, headers=record.headers, value=record.value), record.offset)


def _alert(codec: Codec, record: Record) -> Row:
    return alert_row(read_derived_from(codec, headers=record.headers, value=record.value), record.offset)


def _notification(codec: Codec, record: Record) -> Row:
    derived = read_derived_from(codec, headers=record.headers, value=record.value)
    return (light_row if derived.type == "light.changed" else notification_row)(derived, record.offset)


def _letter(_: Codec, record: Record) -> Row:
    return dead_letter_row(taken_over(record))


_OURS: Mapping[str, tuple[Table, Read]] = {
    SPINE: (FACTS, _spine),
    "ops.metric.v1": (METRIC_MINUTE, _metric),
    "ops.alert.v1": (ALERTS, _alert),
    "ops.notification.v1": (NOTIFICATIONS, _notification),
}


def feeds(catalog: Catalog) -> dict[str, tuple[Table, Read]]:
    """Topic → (table, how to read it): our own topics, and the dead letters of every topic that is ingested."""
    live = {t.name: (FACTS, _live) for t in catalog.topics.values() if t.derived == "engine"}
    return {**live, **_OURS, **{t.dlq: (DEAD_LETTERS, _letter) for t in catalog.topics.values() if t.ingest}}


def rows_of(codec: Codec, feed: tuple[Table, Read], batch: Batch) -> list[tuple[Table, list[Row]]]:
    """The rows of a batch by table, in order of offset. Raises ConnectionFailed when the registry is down."""
    table, read = feed
    rows: list[Row] = []
    refused: list[Row] = []
    for record in batch.records:
        try:
            row = read(codec, record)
        except (Refused, KeyError, UnicodeDecodeError) as why:
            # KeyError: readable, but of a type that does not belong here; the other: a header of a stranger.
            refusal = _refusal(why)
            metrics.UNREADABLE.labels(record.topic).inc()
            DLQ_RECORDS.labels(record.topic, "sink", refusal.reason).inc()
            refused.append(dead_letter_row(refused_here(record, refusal)))
        else:
            if row is not None:
                rows.append(row)
    return [(t, found) for t, found in ((table, rows), (DEAD_LETTERS, refused)) if found]


def _refusal(why: Refused | KeyError | UnicodeDecodeError) -> Refused:
    return why if isinstance(why, Refused) else Refused("unreadable", f"not a record of this topic: {why}")
