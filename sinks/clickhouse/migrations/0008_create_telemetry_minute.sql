CREATE OR REPLACE VIEW telemetry_minute AS
SELECT
    p.tenant AS tenant,
    p.equipment_id AS equipment_id,
    p.component_id AS component_id,
    p.metric AS metric,
    p.minute AS minute,
    sum(p.n) AS n,
    CAST(sum(p.total) AS Decimal(38, 4)) / 10000 AS total,
    CAST(min(p.low) AS Decimal(38, 4)) / 10000 AS low,
    CAST(max(p.high) AS Decimal(38, 4)) / 10000 AS high,
    CAST(tupleElement(max(p.last), 'value') AS Decimal(38, 4)) / 10000 AS last,
    fromUnixTimestamp64Milli(tupleElement(max(p.last), 'at'), 'UTC') AS last_at,
    sum(p.good) / sum(p.n) AS quality,
    sum(p.late) AS late
FROM telemetry_partial AS p
GROUP BY p.tenant, p.equipment_id, p.component_id, p.metric, p.minute
