CREATE TABLE IF NOT EXISTS alerts
(
    tenant       LowCardinality(String)   COMMENT 'whose alert it is',
    alert_id     String                   COMMENT 'one episode: one open alert per rule and subject',
    transition   LowCardinality(String)   COMMENT 'raised, escalated, resolved',
    rule_id      LowCardinality(String)   COMMENT 'rule, e.g. R-01',
    rule_version UInt32                   COMMENT 'version of the rule as it judged',
    subject      String                   COMMENT 'what it is about',
    severity     LowCardinality(String)   COMMENT 'INFO, YELLOW, RED',
    value        Nullable(Decimal(38, 4)) COMMENT 'the number that broke the line, if it is one',
    value_text   String                   COMMENT 'the same for people',
    threshold    Nullable(Decimal(38, 4)) COMMENT 'the line',
    unit         LowCardinality(String)   COMMENT 'unit of value and threshold',
    owner        String                   COMMENT 'employee who answers for it',
    recipients   Array(String)            COMMENT 'employees who were to be told, sorted',
    title_zh     String                   COMMENT 'title in Chinese',
    title_en     String                   COMMENT 'title in English',
    text_zh      String                   COMMENT 'text in Chinese',
    text_en      String                   COMMENT 'text in English',
    link         String                   COMMENT 'path on the gateway where one can act',
    explain      String                   COMMENT 'JSON: conditions with values, state path, source facts',
    at           DateTime64(3, 'UTC')     COMMENT 'when it was decided, on the clock of its scope',
    opened_at    DateTime64(3, 'UTC')     COMMENT 'when the episode began',
    partition    UInt8                    COMMENT 'spine partition of its cause',
    seq          UInt64                   COMMENT 'place of its cause',
    n            UInt32                   COMMENT 'which one of what that cause derived',
    offset       Int64                    COMMENT 'provenance: Kafka offset'
)
ENGINE = MergeTree
PARTITION BY toYear(at)
ORDER BY (tenant, rule_id, subject, at, partition, seq, n)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Alerts, one row a transition; see alert_episodes for one row an alert'
