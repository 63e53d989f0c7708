"""`sharedchain watch forecasts|alerts|facts`: one line an event, as it is decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sharedchain.cli import language
from sharedchain.cli.options import Home, Json

if TYPE_CHECKING:
    from sharedchain.endpoints import Endpoints
    from sharedchain.subscription import Update


class What(StrEnum):
    forecasts = "forecasts"
    alerts = "alerts"
    facts = "facts"


_TOPICS = {What.forecasts: "sales.forecast.live.v1", What.alerts: "ops.alert.v1", What.facts: "chain.facts.v1"}
_WORDS = {
    "zh": {
        "wait": "等待 {topic} … Ctrl-C 结束；--from-beginning 从头看",
        "clock.ticked": "时钟",
        "alert.raised": "告警",
        "alert.escalated": "升级",
        "alert.eased": "降级",
        "alert.resolved": "解除",
        "forecast.live.updated": "预测更新",
        "forecast.refresh.requested": "预测过期",
        "forecast.line.unsupported": "无项目支撑",
        "project": "项目",
        "experience": "经验",
        "forecast.line.cleared": "恢复支撑",
        "period": "期间合计",
        "until": "{day} 起算过期",
        "unsupported": "⚠ 无项目支撑的行 {lines}",
        "age": "{age} 天未刷新，已请 {owner} 更新",
        "left": "；仍无支撑 {lines}",
    },
    "en": {
        "wait": "waiting on {topic} … Ctrl-C ends; --from-beginning shows what was",
        "clock.ticked": "tick",
        "alert.raised": "ALERT",
        "alert.escalated": "ESCALATED",
        "alert.eased": "EASED",
        "alert.resolved": "RESOLVED",
        "forecast.live.updated": "updated",
        "forecast.refresh.requested": "STALE",
        "forecast.line.unsupported": "unsupported",
        "project": "project",
        "experience": "experience",
        "forecast.line.cleared": "cleared",
        "period": "period total",
        "until": "stale from {day}",
        "unsupported": "⚠ lines without project {lines}",
        "age": "not refreshed for {age} d, {owner} was asked",
        "left": "; still unsupported {lines}",
    },
}


def watch(
    what: Annotated[What, typer.Argument(help="forecasts, alerts or facts")],
    tenant: Annotated[str | None, typer.Option(help="only this tenant")] = None,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="what was, then what comes")] = False,
    count: Annotated[int | None, typer.Option(help="end after so many events", min=1)] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Show events live, straight from Kafka. Ticks of the clock are left out."""
    from sharedchain.chain import ChainSync
    from sharedchain.endpoints import Endpoints

    lang, zones = language(), Zones(Endpoints.load(home))
    with ChainSync(home=home) as chain:
        subscription = chain.subscribe(_TOPICS[what], from_beginning=from_beginning)
        if not json:
            typer.echo(_WORDS[lang]["wait"].format(topic=_TOPICS[what]), err=True)
        try:
            for number, update in enumerate(wanted(iter(subscription), tenant), 1):
                zone = "" if json else zones(update.envelope.tenant)
                typer.echo(as_json(update) if json else "\n".join(as_lines(update, zone, lang)))
                if number == count:
                    return
        finally:
            subscription.close()


class Zones:
    """The zone of each tenant, asked of the gateway once; UTC where it does not answer: Kafka alone is enough here."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._known: dict[str, str] = {}

    def __call__(self, tenant: str) -> str:
        from urllib.parse import quote

        from sharedchain.errors import SharedChainError
        from sharedchain.reader import read

        if tenant not in self._known:
            try:
                said = read(self._endpoints, f"/v1/tenants/{quote(tenant or 'default', safe='')}", {})
                self._known[tenant] = said["timezone"]
            except SharedChainError:
                self._known[tenant] = "UTC"
        return self._known[tenant]


def wanted(updates: Iterator[Update], tenant: str | None) -> Iterator[Update]:
    """The updates of `tenant` (None: all), without ticks. A record that does not decode is told and passed over."""
    from sharedchain.errors import Refused

    while True:
        try:
            update = next(updates)
        except StopIteration:
            return
        except Refused as refused:
            typer.echo(f"? {refused}", err=True)
            continue
        if update.type != "clock.ticked" and tenant in (None, update.envelope.tenant):
            yield update


def as_json(update: Update) -> str:
    """One line of JSON: envelope, place, data."""
    from sharedchain.canonical import dumps
    from sharedchain.envelope import rfc3339

    envelope = update.envelope
    place = {"topic": update.topic, "partition": update.partition, "offset": update.offset}
    said = {"type": update.type, "id": envelope.id, "source": envelope.source, "subject": envelope.subject}
    time = None if envelope.time is None else rfc3339(envelope.time)
    return dumps({**said, "tenant": envelope.tenant, "time": time, "at": place, "data": update.data})


def as_lines(update: Update, zone: str, lang: Any) -> list[str]:
    """One update for people, in 80 columns: when (in `zone`), tenant, what, of which subject, and what it says."""
    from sharedchain.display import local_time
    from sharedchain.envelope import rfc3339
    from sharedchain.table import folded

    envelope = update.envelope
    time = "-" if envelope.time is None else local_time(rfc3339(envelope.time), zone)
    name = _WORDS[lang].get(update.type, update.type)
    text = _said(update, zone, lang)
    head = f"{time}  {envelope.tenant or '-'}  {name}  {envelope.subject or '-'}"
    return list(folded(f"{head}  {text}" if text else head, "", "    "))


def _said(update: Update, zone: str, lang: Any) -> str:
    from sharedchain.tracewords import sentence

    words, data = _WORDS[lang], update.data
    match update.type:
        case "forecast.live.updated":
            return _forecast(data, zone, lang)
        case "forecast.refresh.requested":
            return str(words["age"].format(age=data["age_days"], owner=data["owner_id"]))
        case "alert.raised" | "alert.escalated" | "alert.eased" | "alert.resolved":
            return f"{data['severity']} {data['rule_id']} {data[f'title_{lang}']} → {', '.join(data['recipients'])}"
        case "record.rejected":
            return f"{' '.join(filter(None, [data['reason'], data.get('field')]))}: {data.get('text') or ''}"
        case "forecast.line.cleared":
            left = words["left"].format(lines=", ".join(data["left"])) if data.get("left") else ""
            return sentence(update.type, update.envelope.subject, data, lang) + left
    return sentence(update.type, update.envelope.subject, data, lang, otherwise="")


def _forecast(data: Mapping[str, Any], zone: str, lang: Any) -> str:
    """The number, what it is made of, when it will be stale, which lines have no support."""
    from sharedchain.display import compact, local_time, money
    from sharedchain.envelope import rfc3339

    words = _WORDS[lang]
    parts = f"{words['project']} {compact(data['project_part'], lang) or data['project_part']}"
    parts += f" + {words['experience']} {compact(data['experience_part'], lang) or data['experience_part']}"
    total = f"v{data['version']} {money(data['new_total'], lang)} {data['currency']}"
    said = [f"{total} = {parts}", f"{words['period']} {money(data['period_total'], lang)}"]
    if data.get("stale_after") is not None:
        said.append(words["until"].format(day=local_time(rfc3339(data["stale_after"]), zone)[:10]))
    if data.get("unsupported"):
        said.append(words["unsupported"].format(lines=", ".join(data["unsupported"])))
    return "; ".join(said)
