CREATE TABLE IF NOT EXISTS metric_minute
(
    tenant    LowCardinality(String)   COMMENT 'whose number it is',
    metric_id LowCardinality(String)   COMMENT 'measure, e.g. M-09',
    dims      String                   COMMENT 'dimensions as canonical JSON, e.g. {"period":"2026Q2"}',
    minute    DateTime64(3, 'UTC')     COMMENT 'start of the minute it holds from',
    value     Nullable(Decimal(38, 4)) COMMENT 'the number; NULL = no value (inputs missing), never 0',
    n         Int64                    COMMENT 'how many inputs went into it',
    unit      LowCardinality(String)   COMMENT 'unit, e.g. CNY or %',
    corrected Bool                     COMMENT 'written because a late fact changed a closed minute',
    recorded  DateTime64(3, 'UTC')     COMMENT 'when this was known: the last row of a minute counts',
    partition UInt8                    COMMENT 'spine partition of its cause',
    seq       UInt64                   COMMENT 'place of its cause',
    nth       UInt32                   COMMENT 'which one of what that cause derived',
    offset    Int64                    COMMENT 'provenance: Kafka offset'
)
ENGINE = MergeTree
PARTITION BY toYear(minute)
ORDER BY (tenant, metric_id, dims, minute, recorded, partition, seq, nth)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Minute metrics: rows only where something changed; read the last row at or before the minute'
