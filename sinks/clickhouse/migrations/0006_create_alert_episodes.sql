CREATE OR REPLACE VIEW alert_episodes AS
SELECT
    tenant,
    alert_id,
    any(rule_id) AS rule_id,
    any(subject) AS subject,
    any(opened_at) AS opened_at,
    argMinIf(severity, (at, seq, n), transition = 'raised') AS severity_raised,
    argMax(severity, (at, seq, n)) AS severity,
    argMax(value_text, (at, seq, n)) AS value_text,
    argMax(title_zh, (at, seq, n)) AS title_zh,
    argMax(title_en, (at, seq, n)) AS title_en,
    argMax(owner, (at, seq, n)) AS owner,
    arraySort(arrayDistinct(arrayFlatten(groupArray(recipients)))) AS recipients,
    minOrNullIf(at, transition = 'escalated') AS escalated_at,
    minOrNullIf(at, transition = 'resolved') AS resolved_at,
    resolved_at IS NULL AS open
FROM alerts
GROUP BY tenant, alert_id
