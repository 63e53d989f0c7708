"""What a story's sections are: SQL over the documented tables, one row of text a thing that happened."""

from __future__ import annotations

from collections.abc import Mapping

_AT = "formatDateTime(time, '%F %R', {zone:String}) AS at"
_RECORDED = "formatDateTime(recorded, '%F %R', {zone:String}) AS at"
_KNOWN = "FROM facts WHERE tenant = {tenant:String} AND kind != 'parked'"
_OF = f"{_KNOWN} AND type"


def _text(*names: str) -> str:
    """Columns that are fields of the payload: `name`, or `field name` for another name."""
    pairs = [name.split(" ") for name in names]
    return ", ".join(f"JSONExtractString(data, '{p[0]}') AS {p[-1]}" for p in pairs)


def _number(*names: str) -> str:
    pairs = [name.split(" ") for name in names]
    return ", ".join(f"JSONExtractInt(data, '{p[0]}') AS {p[-1]}" for p in pairs)


def _minute(*names: str) -> str:
    pairs = [name.split(" ") for name in names]
    return ", ".join(
        f"formatDateTime(fromUnixTimestamp64Milli(JSONExtractInt(data, '{p[0]}')), '%F %R', {{zone:String}}) AS {p[-1]}"
        for p in pairs
    )


def _list(name: str, column: str) -> str:
    return f"arrayStringConcat(JSONExtract(data, '{name}', 'Array(String)'), ',') AS {column}"


def _each(*fields: str) -> str:
    """Columns of `part`, one record of a list in the payload: `field column kind`."""
    parts = [field.split(" ") for field in fields]
    return ", ".join(f"JSONExtract{kind}(part, '{field}') AS {column}" for field, column, kind in parts)


# section → SQL; {tenant:String}, {zone:String} are bound.
SECTIONS: Mapping[str, str] = {
    "alerts": """
        WITH if(isNull(a.value), '', toDecimalString(assumeNotNull(a.value), 4)) AS shown,
             formatDateTime(a.at, '%F %R', {zone:String}) AS minute
        SELECT anyIf(minute, transition = 'raised') AS opened, any(a.rule_id) AS rule, any(a.subject) AS subject,
               anyIf(a.severity, transition = 'raised') AS severity, anyIf(shown, transition = 'raised') AS value,
               anyIf(a.value_text, transition = 'raised') AS value_text,
               arrayStringConcat(anyIf(a.recipients, transition = 'raised'), ',') AS recipients,
               arrayStringConcat(arraySort(groupArrayIf(concat(minute, ' ', a.severity, ' ', shown),
                   transition = 'escalated')), '; ') AS escalated,
               arrayStringConcat(anyIf(a.recipients, transition = 'escalated'), ',') AS told_then,
               arrayStringConcat(groupArrayIf(minute, transition = 'resolved'), '; ') AS resolved
        FROM alerts AS a WHERE tenant = {tenant:String} GROUP BY a.alert_id ORDER BY opened, rule""",
    "leads": f"""
        SELECT {_AT}, {_text("lead_id lead", "expected_amount amount", "currency", "customer_industry industry")},
               {_text("demand_type demand", "owner_id owner")} {_OF} = 'lead.captured' ORDER BY lead""",
    "opportunities": f"""
        SELECT {_RECORDED}, {_text("opportunity_id opportunity", "lead_id lead", "customer_id customer", "industry")},
               {_text("demand_type demand", "amount", "currency", "region", "owner_id owner", "stage")},
               arrayStringConcat(arraySort(JSONExtract(data, 'contact_ids', 'Array(String)')), ',') AS contacts
        {_OF} = 'opportunity.created' ORDER BY opportunity""",
    "stages": f"""
        SELECT {_AT}, {_text("opportunity_id opportunity", "from", "to")},
               arrayStringConcat(arrayMap(e -> concat(JSONExtractString(e, 'kind'), ':', JSONExtractString(e, 'ref')),
                   JSONExtractArrayRaw(data, 'evidence')), ',') AS evidence
        {_OF} = 'opportunity.stage.changed' ORDER BY time""",
    "closings": f"""
        SELECT {_AT}, type AS event, {_text("opportunity_id opportunity", "amount", "reason")}
        {_OF} IN ('opportunity.signed', 'opportunity.lost') ORDER BY time""",
    "nodes": f"""
        SELECT {_text("case_id case", "template_id template", "node_id node", "responsible_id responsible")},
               {_text("accountable_id accountable")}, {_minute("started_at started", "due_at due")}
        {_OF} = 'case.node.started' ORDER BY started, node""",
    "decisions": f"""
        SELECT {_AT}, {_text("case_id case", "node_id node", "decision", "by")}
        {_OF} = 'case.node.completed' ORDER BY time""",
    "cases": f"""
        SELECT {_text("case_id case", "subject subject", "outcome")},
               {_minute("opened_at opened", "closed_at closed")},
               {_number("duration_min minutes", "nodes_on_time on_time", "nodes_total nodes")}
        {_OF} = 'case.closed' ORDER BY closed""",
    "contracts": f"""
        SELECT {_RECORDED}, type AS event, {_text("contract_id contract", "opportunity_id opportunity", "status")},
               {_text("customer_id customer", "amount", "currency", "by")}, {_list("missing", "missing")},
               concat(JSONExtractString(data, 'approval_case_id'), JSONExtractString(data, 'case_id')) AS case
        {_OF} IN ('contract.created', 'contract.approved') ORDER BY time""",
    "receivables": f"""
        SELECT {_RECORDED}, {_text("receivable_id receivable", "contract_id contract", "customer_id customer")},
               {_text("total")}, {_each("no instalment Int", "share share String")},
               {_each("amount amount String", "due_date due String")}
        FROM facts ARRAY JOIN JSONExtractArrayRaw(data, 'instalments') AS part
        WHERE tenant = {{tenant:String}} AND type = 'receivable.created' ORDER BY receivable, instalment""",
    "overdue": f"""
        SELECT {_RECORDED}, {_text("receivable_id receivable", "amount", "due_date due")},
               {_number("instalment_no instalment", "days")} {_OF} = 'receivable.overdue' ORDER BY recorded""",
    "payments": f"""
        SELECT {_RECORDED}, {_text("payment_id payment", "receivable_id receivable", "outstanding", "surplus")},
               {_each("instalment_no instalment Int", "amount amount String", "left left String")}
        FROM facts ARRAY JOIN JSONExtractArrayRaw(data, 'parts') AS part
        WHERE tenant = {{tenant:String}} AND type = 'payment.allocated' ORDER BY time, instalment""",
    "settled": f"""
        SELECT {_RECORDED}, {_text("receivable_id receivable", "amount")},
               {_number("instalment_no instalment", "days")},
               if(JSONExtractBool(data, 'closed'), 'true', 'false') AS closed
        {_OF} = 'receivable.settled' ORDER BY time""",
    "lines": f"""
        SELECT {_RECORDED}, type AS event, {_text("forecast_id forecast", "line_id line")},
               {_text("opportunity_id opportunity", "cause")}, {_list("left", "left")}
        {_OF} IN ('forecast.line.unsupported', 'forecast.line.cleared') ORDER BY partition, seq, n""",
    "live": f"""
        SELECT {_AT}, {_text("forecast_id forecast", "old_total old", "new_total total", "project_part project")},
               {_text("experience_part experience")}, {_number("version")}
        {_OF} = 'forecast.live.updated' ORDER BY partition, seq, n""",
    # Within a minute the order of two forecasts is Kafka's; the period's total behind the last one is not.
    "live_totals": """
        SELECT formatDateTime(toStartOfMinute(time) AS minute, '%F %R', {zone:String}) AS at,
               JSONExtractString(data, 'period') AS period,
               argMax(JSONExtractString(data, 'period_total'), (seq, n)) AS total
        FROM facts WHERE tenant = {tenant:String} AND type = 'forecast.live.updated'
        GROUP BY minute, period ORDER BY minute""",
    "stale": f"""
        SELECT {_RECORDED}, {_text("forecast_id forecast", "owner_id owner")}, {_number("age_days", "last_version")}
        {_OF} = 'forecast.refresh.requested' ORDER BY recorded""",
    "refusals": f"""
        SELECT {_RECORDED}, {_text("original_type type", "subject", "reason", "field", "value word")},
               {_text("original_source source")} FROM facts
        WHERE tenant = {{tenant:String}} AND kind = 'refusal' ORDER BY recorded""",
    "facts": f"""
        SELECT type, toUInt32(count()) AS n {_KNOWN} GROUP BY type ORDER BY type""",
    "journeys": f"""
        SELECT correlation, type, toUInt32(count()) AS n {_KNOWN} AND startsWith(correlation, 'LEAD-')
        GROUP BY correlation, type ORDER BY correlation, type""",
    "measures": """
        SELECT metric_id AS metric, dims, formatDateTime(recorded, '%F %R', {zone:String}) AS known,
               if(isNull(m.value), '', toDecimalString(assumeNotNull(m.value), 4)) AS value
        FROM metric_minute AS m WHERE tenant = {tenant:String} ORDER BY metric, dims, recorded""",
    "inbox": """
        SELECT n.recipient AS recipient, a.rule_id AS rule, a.subject AS subject, n.transition AS transition
        FROM notifications n JOIN alerts a ON a.alert_id = n.alert_id AND a.transition = n.transition
        WHERE n.tenant = {tenant:String} AND a.tenant = n.tenant AND n.channel = 'INBOX' AND n.outcome = 'sent'""",
    "lamps": """
        SELECT a.rule_id AS rule, a.subject AS subject, n.outcome AS state
        FROM notifications n JOIN alerts a ON a.alert_id = n.alert_id AND a.transition = 'raised'
        WHERE n.tenant = {tenant:String} AND a.tenant = n.tenant AND n.channel = 'LIGHT'""",
    "dead_letters": """
        SELECT type, subject, reason, field FROM dead_letters WHERE tenant = {tenant:String}""",
}
