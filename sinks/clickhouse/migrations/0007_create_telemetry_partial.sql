CREATE TABLE IF NOT EXISTS telemetry_partial
(
    tenant       LowCardinality(String) COMMENT 'whose readings they are',
    equipment_id String                 COMMENT 'equipment',
    component_id LowCardinality(String) COMMENT 'part of it',
    metric       LowCardinality(String) COMMENT 'what was measured',
    minute       DateTime64(3, 'UTC')   COMMENT 'minute in which it was measured',
    n            SimpleAggregateFunction(sum, Int64) COMMENT 'readings',
    good         SimpleAggregateFunction(sum, Int64) COMMENT 'those whose quality flag is empty or OK',
    late         SimpleAggregateFunction(sum, Int64) COMMENT 'those that Kafka got more than five minutes after they were measured',
    total        SimpleAggregateFunction(sum, Int64) COMMENT 'sum of the values, in ten-thousandths: whole numbers add up alike in any order',
    low          SimpleAggregateFunction(min, Int64) COMMENT 'least value, in ten-thousandths',
    high         SimpleAggregateFunction(max, Int64) COMMENT 'greatest value, in ten-thousandths',
    last         SimpleAggregateFunction(max, Tuple(at Int64, partition Int64, offset Int64, nth Int64, value Int64)) COMMENT 'the latest reading: when (ms), where in Kafka, value in ten-thousandths'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(minute)
ORDER BY (tenant, equipment_id, metric, component_id, minute)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'What batches of readings add to their minutes; read the view telemetry_minute'
