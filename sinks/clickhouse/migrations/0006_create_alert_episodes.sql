CREATE OR REPLACE VIEW alert_episodes AS
SELECT
    a.tenant AS tenant,
    a.alert_id AS alert_id,
    any(a.rule_id) AS rule_id,
    any(a.subject) AS subject,
    any(a.opened_at) AS opened_at,
    argMin(a.severity, (a.at, a.seq, a.n)) AS severity_raised,
    argMax(a.severity, (a.at, a.seq, a.n)) AS severity,
    argMax(a.value_text, (a.at, a.seq, a.n)) AS value_text,
    argMax(a.title_zh, (a.at, a.seq, a.n)) AS title_zh,
    argMax(a.title_en, (a.at, a.seq, a.n)) AS title_en,
    argMax(a.owner, (a.at, a.seq, a.n)) AS owner,
    arraySort(arrayDistinct(arrayFlatten(groupArray(a.recipients)))) AS recipients,
    minOrNullIf(a.at, a.transition = 'escalated') AS escalated_at,
    minOrNullIf(a.at, a.transition = 'resolved') AS resolved_at,
    countIf(a.transition = 'resolved') = 0 AS open
FROM alerts AS a
GROUP BY a.tenant, a.alert_id
