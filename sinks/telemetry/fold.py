"""Readings → what they add to their minutes. Pure; whole numbers, so any cut into batches adds up to the same."""

from __future__ import annotations

import polars as pl

KEYS = ("tenant", "equipment_id", "component_id", "metric", "minute")
SUMS = ("n", "good", "late", "total")
COLUMNS = (*KEYS, *SUMS, "low", "high", "last")
SCALE = 10_000
LATE = 5 * 60_000  # ms between measuring and Kafka
_MINUTE = 60_000


def partials(readings: pl.DataFrame, partition: int) -> pl.DataFrame:
    """One row a minute of a metric of a component, in the order of the table's key."""
    at, e4 = pl.col("at"), pl.col("e4")
    scaled = readings.select(
        "tenant", "equipment_id", "component_id", "metric", "at", "offset", "nth",
        minute=at - at % _MINUTE,
        good=pl.col("good").cast(pl.Int64),
        late=(pl.col("recorded") - at > LATE).cast(pl.Int64),
        e4=(pl.col("value") * SCALE + 0.5).floor().cast(pl.Int64),
    ).sort("at", "offset", "nth")  # fmt: skip
    folded = scaled.group_by(KEYS).agg(
        n=pl.len().cast(pl.Int64), good=pl.col("good").sum(), late=pl.col("late").sum(), total=e4.sum(),
        low=e4.min(), high=e4.max(),
        at=at.last(), offset=pl.col("offset").last(), nth=pl.col("nth").last(), value=e4.last(),
    )  # fmt: skip
    last = pl.struct("at", pl.lit(partition, pl.Int64).alias("partition"), "offset", "nth", "value")
    return (
        folded.with_columns(last=last, minute=pl.col("minute").cast(pl.Datetime("ms", "UTC")))
        .select(COLUMNS)
        .sort("tenant", "equipment_id", "metric", "component_id", "minute")
    )
