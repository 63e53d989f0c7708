CREATE TABLE IF NOT EXISTS notifications
(
    tenant     LowCardinality(String) COMMENT 'whose alert was told',
    alert_id   String                 COMMENT 'alert that was told',
    transition LowCardinality(String) COMMENT 'raised or escalated; empty for a lamp',
    channel    LowCardinality(String) COMMENT 'INBOX, EMAIL, IM, LIGHT',
    recipient  String                 COMMENT 'employee; empty for a lamp',
    outcome    LowCardinality(String) COMMENT 'sent, failed: why, muted: why; ON or OFF for a lamp',
    attempt    UInt32                 COMMENT 'provenance: how many attempts it took',
    message_id String                 COMMENT 'Message-ID or webhook-id: the same on every attempt',
    subject    String                 COMMENT 'subject line; for a lamp what it shines for',
    text       String                 COMMENT 'what was said, both languages',
    at         DateTime64(3, 'UTC')   COMMENT 'when the alert was decided, on the clock of its scope',
    sent_at    DateTime64(3, 'UTC')   COMMENT 'provenance: wall clock of the last attempt',
    partition  UInt8                  COMMENT 'spine partition of the cause of the alert',
    seq        UInt64                 COMMENT 'place of the cause of the alert',
    n          UInt32                 COMMENT 'which derived event the alert was',
    offset     Int64                  COMMENT 'provenance: Kafka offset'
)
ENGINE = MergeTree
PARTITION BY toYear(at)
ORDER BY (tenant, recipient, at, alert_id, transition, channel)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Who was told what, by which channel, and how that ended'
