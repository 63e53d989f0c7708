"""What a story left behind: rows read from ClickHouse, the mailbox and the IM webhook."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from deploy.demo.story import Row
from sharedchain.endpoints import Endpoints

# section → SQL over the documented tables; {tenant:String}, {zone:String} are bound.
SECTIONS: Mapping[str, str] = {
    "alerts": """
        WITH if(isNull(a.value), '', toDecimalString(assumeNotNull(a.value), 4)) AS shown,
             formatDateTime(a.at, '%F %R', {zone:String}) AS minute
        SELECT anyIf(minute, transition = 'raised') AS opened, any(a.rule_id) AS rule, any(a.subject) AS subject,
               anyIf(a.severity, transition = 'raised') AS severity, anyIf(shown, transition = 'raised') AS value,
               arrayStringConcat(anyIf(a.recipients, transition = 'raised'), ',') AS recipients,
               arrayStringConcat(arraySort(groupArrayIf(concat(minute, ' ', a.severity, ' ', shown),
                   transition = 'escalated')), '; ') AS escalated,
               arrayStringConcat(anyIf(a.recipients, transition = 'escalated'), ',') AS told_then,
               arrayStringConcat(groupArrayIf(minute, transition = 'resolved'), '; ') AS resolved
        FROM alerts AS a WHERE tenant = {tenant:String} GROUP BY a.alert_id ORDER BY opened, rule""",
    "leads": """
        SELECT formatDateTime(time, '%F %R', {zone:String}) AS at, JSONExtractString(data, 'lead_id') AS lead,
               JSONExtractString(data, 'expected_amount') AS amount, JSONExtractString(data, 'currency') AS currency,
               JSONExtractString(data, 'customer_industry') AS industry,
               JSONExtractString(data, 'demand_type') AS demand, JSONExtractString(data, 'owner_id') AS owner
        FROM facts WHERE tenant = {tenant:String} AND type = 'lead.captured' ORDER BY lead""",
    "live": """
        SELECT formatDateTime(time, '%F %R', {zone:String}) AS at, JSONExtractString(data, 'forecast_id') AS forecast,
               JSONExtractInt(data, 'version') AS version, JSONExtractString(data, 'old_total') AS old,
               JSONExtractString(data, 'new_total') AS total, JSONExtractString(data, 'project_part') AS project,
               JSONExtractString(data, 'experience_part') AS experience
        FROM facts WHERE tenant = {tenant:String} AND type = 'forecast.live.updated' ORDER BY partition, seq, n""",
    # Within a minute the order of two forecasts is Kafka's; the period's total behind the last one is not.
    "live_totals": """
        SELECT formatDateTime(toStartOfMinute(time) AS minute, '%F %R', {zone:String}) AS at,
               JSONExtractString(data, 'period') AS period,
               argMax(JSONExtractString(data, 'period_total'), (seq, n)) AS total
        FROM facts WHERE tenant = {tenant:String} AND type = 'forecast.live.updated'
        GROUP BY minute, period ORDER BY minute""",
    "stale": """
        SELECT formatDateTime(recorded, '%F %R', {zone:String}) AS at,
               JSONExtractString(data, 'forecast_id') AS forecast, JSONExtractInt(data, 'age_days') AS age_days,
               JSONExtractInt(data, 'last_version') AS last_version, JSONExtractString(data, 'owner_id') AS owner
        FROM facts WHERE tenant = {tenant:String} AND type = 'forecast.refresh.requested' ORDER BY recorded""",
    "refusals": """
        SELECT formatDateTime(recorded, '%F %R', {zone:String}) AS at,
               JSONExtractString(data, 'original_type') AS type, JSONExtractString(data, 'subject') AS subject,
               JSONExtractString(data, 'reason') AS reason, JSONExtractString(data, 'field') AS field,
               JSONExtractString(data, 'original_source') AS source
        FROM facts WHERE tenant = {tenant:String} AND kind = 'refusal' ORDER BY recorded""",
    "facts": """
        SELECT type, toUInt32(count()) AS n FROM facts WHERE tenant = {tenant:String} GROUP BY type ORDER BY type""",
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


def client(endpoints: Endpoints) -> Client:
    """A ClickHouse client over HTTP, as any reader of the store would have."""
    store = endpoints.clickhouse
    return clickhouse_connect.get_client(
        dsn=store.url,
        username=store.user,
        password=store.password.get_secret_value(),
        database=store.database,
        autogenerate_session_id=False,
    )


def read(store: Client, section: str, tenant: str, zone: ZoneInfo) -> list[Row]:
    """Rows of one section for one tenant; times as the tenant's local minutes."""
    answer = store.query(SECTIONS[section], parameters={"tenant": tenant, "zone": zone.key})
    return [dict(zip(answer.column_names, row, strict=True)) for row in answer.result_rows]


def told(endpoints: Endpoints, store: Client, tenant: str) -> dict[str, list[Row]]:
    """Mails and webhook calls that really arrived, one row a Message-ID or webhook-id."""
    answer = store.query(
        "SELECT alert_id, any(rule_id), any(subject) FROM alerts WHERE tenant = {tenant:String} GROUP BY alert_id",
        parameters={"tenant": tenant},
    )
    alerts = {alert: (rule, subject) for alert, rule, subject in answer.result_rows}
    mails = {str(mail["message-id"]): mail for mail in _mails(endpoints)}
    calls = {call["id"]: call for call in _calls(endpoints)}
    return {
        "mails": [
            _row(alerts, alert, transition, str(mail["to"]))
            for ident, mail in mails.items()
            for alert, transition, _ in [ident.strip("<>").split(".", 2)]
            if alert in alerts
        ],
        "webhooks": [
            _row(alerts, data["alert_id"], call["body"]["type"].removeprefix("alert."), data["recipient"])
            for call in calls.values()
            for data in [call["body"]["data"]]
            if data["alert_id"] in alerts
        ],
    }


def _row(alerts: Mapping[str, tuple[str, str]], alert: str, transition: str, to: str) -> Row:
    rule, subject = alerts[alert]
    return {"to": to, "rule": rule, "subject": subject, "transition": transition}


def _mails(endpoints: Endpoints) -> list[email.message.EmailMessage]:
    files = sorted((endpoints.home / "mail").glob("*.eml"))
    return [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]


def _calls(endpoints: Endpoints) -> list[Row]:
    file = endpoints.home / "im.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def local(instant: datetime, zone: ZoneInfo) -> str:
    """An instant as the tenant's local minute."""
    return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")
