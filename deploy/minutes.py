"""Minutes of telemetry held against the log: its readings folded again, and every minute compared in every column."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from confluent_kafka import TopicPartition

from deploy.replay import Verdict
from sharedchain.barrier import MINUTES
from sharedchain.codec import Codec
from sharedchain.endpoints import ClickHouse, Endpoints
from sharedchain.kafka import consumer
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.telemetry import TOPIC, Slices
from sinks.clickhouse.store import connect
from sinks.telemetry.fold import KEYS, SUMS, partials
from sinks.telemetry.past import Past
from sinks.telemetry.repeats import Repeats
from sinks.telemetry.sink import TABLE, chunks

_KEYS = list(KEYS)
_COLUMNS = [*KEYS, *SUMS, "low", "high", "last_at", "last_value"]
_STORED = f"""
SELECT tenant, equipment_id, component_id, metric, toUnixTimestamp64Milli(p.minute) AS minute,
    sum(p.n) AS n, sum(p.good) AS good, sum(p.late) AS late, sum(p.total) AS total, min(p.low) AS low,
    max(p.high) AS high, tupleElement(max(p.last), 'at') AS last_at, tupleElement(max(p.last), 'value') AS last_value
FROM {TABLE.name} AS p GROUP BY tenant, equipment_id, component_id, metric, p.minute
"""


def compare_minutes(endpoints: Endpoints) -> list[Verdict]:
    """The minutes stored and those of the log, as far as the sink has come: settle first. None where telemetry is not
    read. Raises ConnectionFailed."""
    if not endpoints.telemetry:
        return []
    folded, whole = _folded(endpoints)
    return [verdict(_stored(endpoints.clickhouse), folded, whole=whole)]


def verdict(live: pl.DataFrame, folded: pl.DataFrame, *, whole: bool) -> Verdict:
    """`whole`: the log has its beginning still; else a minute may count more readings than it."""
    if not whole:
        again = folded.select(*KEYS, pl.col("n").alias("again"))
        older = live.join(again, on=_KEYS, how="left").filter((pl.col("n") > pl.col("again")).fill_null(value=True))
        live, folded = (frame.join(older, on=_KEYS, how="anti") for frame in (live, folded))
    alone = [one.join(other, on=_COLUMNS, how="anti").height for one, other in ((live, folded), (folded, live))]
    return Verdict("telemetry_minute", live.height, folded.height, *alone)


def _stored(where: ClickHouse) -> pl.DataFrame:
    with connect(where) as client:
        said = client.raw_query(_STORED, fmt="ArrowStream", settings={"output_format_arrow_string_as_string": 1})
    texts = [pl.col(name).cast(pl.String) for name in KEYS[:-1]]
    return pl.read_ipc_stream(said).with_columns(*texts).select(_COLUMNS)


def _folded(endpoints: Endpoints) -> tuple[pl.DataFrame, bool]:
    """What the log says, and whether it has its beginning."""
    catalog = Catalog.load()
    places = [(TOPIC, partition) for partition in range(catalog.topics[TOPIC].partitions)]
    slices = Slices(Codec(Registry.of(endpoints), catalog))
    past = Past.of(endpoints, "sharedchain.audit")
    own = consumer(endpoints, MINUTES)
    try:
        done = own.committed([TopicPartition(*place) for place in places], timeout=30)
        whole = all(own.get_watermark_offsets(TopicPartition(*place), timeout=30)[0] == 0 for place in places)
    finally:
        own.close()
    frames = [
        one for at in done if at.offset > 0 for one in _partition(past, slices, (at.topic, at.partition), at.offset)
    ]
    return summed(frames), whole


def _partition(past: Past, slices: Slices, place: tuple[str, int], until: int) -> Iterator[pl.DataFrame]:
    repeats = Repeats(0)
    for records in past.between(place, 0, until):
        for some in chunks(records):
            if (said := slices.read(some)).count:
                repeats.begin()
                yield partials(repeats.fresh(said.frame()), place[1])
                repeats.end(some[-1].offset + 1)


def summed(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Partial rows as the table adds them up; `minute` in ms."""
    if not frames:
        return pl.DataFrame(schema={name: pl.String if name in KEYS[:-1] else pl.Int64 for name in _COLUMNS})
    every = pl.concat(frames).sort(pl.col("last").struct.field("at", "partition", "offset", "nth"))
    last = pl.col("last").last()
    return (
        every.group_by(KEYS)
        .agg(
            *(pl.col(name).sum() for name in SUMS), pl.col("low").min(), pl.col("high").max(),
            last_at=last.struct.field("at"), last_value=last.struct.field("value"),
        )
        .with_columns(pl.col("minute").dt.epoch("ms"))
        .select(_COLUMNS)
    )  # fmt: skip
