CREATE TABLE IF NOT EXISTS dead_letters
(
    topic         LowCardinality(String) COMMENT 'provenance: topic it was published to',
    partition     Int32                  COMMENT 'provenance: partition there',
    offset        Int64                  COMMENT 'provenance: offset there',
    tenant        LowCardinality(String) COMMENT 'whose record it is, or default',
    reason        LowCardinality(String) COMMENT 'why it was refused, e.g. missing_field, unknown_term, conflict',
    field         String                 COMMENT 'field at fault, if one is',
    text          String                 COMMENT 'what is wrong and how to mend it',
    source        String                 COMMENT 'system that published it',
    type          LowCardinality(String) COMMENT 'event type, as far as it could be read',
    subject       String                 COMMENT 'entity it speaks of, as far as it could be read',
    recorded      DateTime64(3, 'UTC')   COMMENT 'when it was refused, on the clock of its scope',
    headers       String                 COMMENT 'headers as canonical JSON: [[name, value], …]',
    value         String                 COMMENT 'the bytes exactly as published',
    dlq_topic     LowCardinality(String) COMMENT 'dead-letter topic',
    dlq_partition Int32                  COMMENT 'provenance: partition there',
    dlq_offset    Int64                  COMMENT 'provenance: offset there'
)
ENGINE = MergeTree
PARTITION BY toYear(recorded)
ORDER BY (tenant, dlq_topic, reason, recorded)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Refused records with their bytes; sensitivity is that of their topic'
