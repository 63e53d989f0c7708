"""What a story left behind: rows read from ClickHouse, the gateway, the mailbox, the IM webhook and subscribers."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from deploy.demo.sections import SECTIONS
from deploy.demo.story import Row
from deploy.demo.subscriber import received
from sharedchain.canonical import dumps
from sharedchain.endpoints import Endpoints
from sharedchain.reader import read as ask


def client(endpoints: Endpoints) -> Client:
    """A ClickHouse client over HTTP, as any reader of the store would have."""
    return clickhouse_connect.get_client(**endpoints.clickhouse.address(), autogenerate_session_id=False)


def read(store: Client, section: str, tenant: str, zone: ZoneInfo) -> list[Row]:
    """Rows of one section for one tenant; times as the tenant's local minutes."""
    answer = store.query(SECTIONS[section], parameters={"tenant": tenant, "zone": zone.key})
    return [dict(zip(answer.column_names, row, strict=True)) for row in answer.result_rows]


def count_of(store: Client, tenant: str, types: Sequence[str]) -> int:
    """How many facts of these types the store holds for the tenant."""
    answer = store.query(
        "SELECT count() FROM facts WHERE tenant = {tenant:String} AND type IN {types:Array(String)}",
        parameters={"tenant": tenant, "types": list(types)},
    )
    return int(answer.result_rows[0][0])


def levels(endpoints: Endpoints, tenant: str, metrics: Iterable[str]) -> list[Row]:
    """The values of these measures, as the gateway computes them for `sharedchain metric`."""
    return [
        {"metric": metric, "dims": dumps(item["dims"]), "value": item["value"] or ""}
        for metric in sorted(set(metrics))
        for item in ask(endpoints, f"/v1/metrics/{metric}", {"tenant": tenant})["items"]
    ]


def heard(endpoints: Endpoints, tenant: str, zone: ZoneInfo) -> dict[str, list[Row]]:
    """The live updates that subscribers received, and the period's total behind the last one of a minute."""
    rows, totals = [], {}
    for one in received(endpoints.home, tenant):
        if one["type"] != "forecast.live.updated":
            continue
        data, at = one["data"], local(datetime.fromtimestamp(one["time"] / 1000, UTC), zone)
        row: Row = {"at": at, "consumer": one["consumer"]}
        rows.append({**row, "forecast": data["forecast_id"], "version": data["version"], "total": data["new_total"]})
        totals[at, one["consumer"], data["period"]] = {**row, "period": data["period"], "total": data["period_total"]}
    return {"received": rows, "received_totals": list(totals.values())}


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
            _row(alerts, alert, step.partition("-")[0], str(mail["to"]))
            for ident, mail in mails.items()
            for alert, step, _ in [ident.strip("<> ").split(".", 2)]  # as sinks.notify.delivery makes it
            if alert in alerts
        ],
        "webhooks": [
            _row(alerts, data["alert_id"], call["body"]["type"].removeprefix("alert."), data["recipient"])
            for call in calls.values()
            for data in [call["body"]["data"]]
            if data.get("alert_id") in alerts  # several alerts told together are not one of those that are expected
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
