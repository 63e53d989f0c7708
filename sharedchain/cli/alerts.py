"""`sharedchain alerts`: what rang, for whom, since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from sharedchain.cli import language
from sharedchain.cli.options import Home, Json

_SHOWN = 4  # people of an alert that a listing names
_WORDS = {
    "zh": {
        "title": "告警 · {tenant} · {zone} · 截至 {now}",
        "columns": ("时间", "级别", "规则", "对象", "内容"),
        "empty": "{tenant} 没有告警（别的公司：--tenant）。\n"
        "看实时告警：sharedchain watch alerts；看规则：sharedchain rules check",
        "none_open": "{tenant} 没有未解除的告警（别的公司：--tenant）。\n看全部：sharedchain alerts",
        "resolved": "已解除",
        "acknowledged": "{by} 已确认",
        "nobody": "没有通知到人",
        "INFO": "○ 提醒",
        "YELLOW": "▲ 预警",
        "RED": "■ 红线",
    },
    "en": {
        "title": "Alerts · {tenant} · {zone} · as of {now}",
        "columns": ("opened", "severity", "rule", "subject", "what"),
        "empty": "No alerts for {tenant} (another company: --tenant).\n"
        "Live: sharedchain watch alerts; the rules: sharedchain rules check",
        "none_open": "No open alerts for {tenant} (another company: --tenant).\nAll of them: sharedchain alerts",
        "resolved": "resolved",
        "acknowledged": "acknowledged by {by}",
        "nobody": "told nobody",
        "INFO": "○ INFO",
        "YELLOW": "▲ YELLOW",
        "RED": "■ RED",
    },
}


def alerts(
    open_: Annotated[bool, typer.Option("--open", help="only those not resolved")] = False,
    severity: Annotated[str | None, typer.Option(help="INFO, YELLOW or RED")] = None,
    rule: Annotated[str | None, typer.Option(help="rule id, e.g. R-01")] = None,
    subject: Annotated[str | None, typer.Option(help="what it is about")] = None,
    at: Annotated[str | None, typer.Option(help="as known at this moment (RFC 3339)")] = None,
    tenant: Annotated[str, typer.Option(help="whose data")] = "default",
    home: Home = None,
    json: Json = False,
) -> None:
    """List alerts, newest first."""
    from sharedchain.canonical import dumps
    from sharedchain.endpoints import Endpoints
    from sharedchain.reader import read

    state = "open" if open_ else "all"
    params = {"state": state, "severity": severity, "rule": rule, "subject": subject, "at": at, "tenant": tenant}
    found = read(Endpoints.load(home), "/v1/alerts", params)
    if json:
        typer.echo(dumps(found))
        return
    print_alerts(found, at, language(), only_open=open_)


def print_alerts(found: Mapping[str, Any], at: str | None, lang: str, *, only_open: bool) -> None:
    """The listing of GET /v1/alerts as a table; an empty one names the next command."""
    from sharedchain.display import local_time
    from sharedchain.table import say, show

    words: Any = _WORDS[lang]
    whose = found["tenant"]
    if not found["items"]:
        say(words["none_open" if only_open else "empty"].format(tenant=whose["name"]))
        return
    now, zone = local_time(at or found["as_of"], whose["timezone"]), whose["timezone"]
    rows = [_row(item, zone, lang, words) for item in found["items"]]
    show(words["title"].format(tenant=whose["name"], zone=zone, now=now), words["columns"], rows)


def _row(item: Mapping[str, Any], zone: str, lang: str, words: Any) -> tuple[str, ...]:
    from sharedchain.display import local_time

    what = item[f"title_{lang}"] or ""
    value = item["value_text"] if item.get("value") is None else ""  # a word such as `legal`: numbers stand in titles
    if value and value not in what:
        what = " · ".join(part for part in (value, what) if part)
    notes = [f"{words['resolved']} {local_time(item['at'], zone)[5:16]}"] if item["state"] == "resolved" else []
    if answer := item.get("acknowledged"):
        notes.append(f"{words['acknowledged'].format(by=answer['by'])} {local_time(answer['at'], zone)[5:16]}")
    if not item["recipients"]:
        notes.append(words["nobody"])
    what = " ".join(filter(None, (f"[{', '.join(notes)}]" if notes else "", what, _told(item["recipients"]))))
    opened = local_time(item["opened_at"], zone)[:16]
    return opened, words.get(item["severity"], item["severity"]), item["rule_id"], item["subject"], what


def _told(people: Sequence[str]) -> str:
    """The first few of them, and how many more."""
    more = f" +{len(people) - _SHOWN}" if len(people) > _SHOWN else ""
    return f"→ {', '.join(people[:_SHOWN])}{more}" if people else ""
