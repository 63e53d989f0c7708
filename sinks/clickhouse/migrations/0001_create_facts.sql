CREATE TABLE IF NOT EXISTS facts
(
    partition   UInt8                    COMMENT 'spine partition that decided it (0 … 7)',
    seq         UInt64                   COMMENT 'place in that partition, gapless from 1 (ticks have numbers and no row)',
    n           UInt32                   COMMENT '0 = the spine record itself; 1, 2, … = what an engine derived from it',
    kind        LowCardinality(String)   COMMENT 'fact, refusal, parked, config',
    scope       LowCardinality(String)   COMMENT 'what has one order: a tenant, or _system',
    tenant      LowCardinality(String)   COMMENT 'whose fact it is',
    type        LowCardinality(String)   COMMENT 'event type, e.g. lead.captured',
    id          String                   COMMENT 'event id; unique with source',
    source      LowCardinality(String)   COMMENT 'system that published it',
    subject     String                   COMMENT 'entity it speaks of, e.g. LEAD-0001',
    time        DateTime64(3, 'UTC')     COMMENT 'when it happened, as its source says',
    recorded    DateTime64(3, 'UTC')     COMMENT 'when it was accepted, on the clock of its scope',
    actor       String                   COMMENT 'employee or system that did it',
    correlation String                   COMMENT 'one id from lead to cash',
    causation   String                   COMMENT 'id of the event that caused it',
    backfill    Bool                     COMMENT 'history loaded later: told to no one',
    data        String                   COMMENT 'the event as canonical JSON; decimals are text, times are ms',
    src         String                   COMMENT 'provenance: topic/partition/offset as published',
    offset      Int64                    COMMENT 'provenance: Kafka offset of the record stored here',
    INDEX by_id id TYPE bloom_filter GRANULARITY 4,
    INDEX by_subject subject TYPE bloom_filter GRANULARITY 4,
    INDEX by_correlation correlation TYPE bloom_filter GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toYear(recorded)
ORDER BY (tenant, type, time, partition, seq, n)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Every accepted fact, refusal and live forecast event, exactly once'
