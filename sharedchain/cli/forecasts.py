"""`sharedchain forecasts`: totals, what they rest on, how old they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from sharedchain.cli import language
from sharedchain.cli.options import Home, Json

_WORDS = {
    "zh": {
        "title": "预测 · {tenant} · {zone} · 截至 {now}",
        "columns": ("预测", "版本", "合计", "项目", "经验", "刷新于", "状态"),
        "empty": "{tenant} 没有预测（别的公司：--tenant）。\n"
        "发布一个：sharedchain publish forecast.published -f FILE.json",
        "stale": "⚠ 已过期 {age} 天",
        "fresh": "{age} 天前",
        "unsupported": "⚠ {count} 行无项目支撑",
        "total": "期间合计",
    },
    "en": {
        "title": "Forecasts · {tenant} · {zone} · as of {now}",
        "columns": ("forecast", "v", "total", "project", "experience", "refreshed", "state"),
        "empty": "No forecasts for {tenant} (another company: --tenant).\n"
        "Publish one: sharedchain publish forecast.published -f FILE.json",
        "stale": "⚠ STALE {age} d",
        "fresh": "{age} d old",
        "unsupported": "⚠ {count} unsupported",
        "total": "Period totals",
    },
}


def forecasts(
    at: Annotated[str | None, typer.Option(help="as known at this moment (RFC 3339)")] = None,
    tenant: Annotated[str, typer.Option(help="whose data")] = "default",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show the forecasts as they stand."""
    from sharedchain.canonical import dumps
    from sharedchain.endpoints import Endpoints
    from sharedchain.reader import read

    found = read(Endpoints.load(home), "/v1/forecasts", {"at": at, "tenant": tenant})
    if json:
        typer.echo(dumps(found))
        return
    print_forecasts(found, at, language())


def print_forecasts(found: Mapping[str, Any], at: str | None, lang: Any) -> None:
    """The listing of GET /v1/forecasts as a table, the exact period totals below."""
    from sharedchain.display import local_time
    from sharedchain.table import say, show

    words: Any = _WORDS[lang]
    whose = found["tenant"]
    if not found["items"]:
        say(words["empty"].format(tenant=whose["name"]))
        return
    zone = whose["timezone"]
    title = words["title"].format(tenant=whose["name"], zone=zone, now=local_time(at or found["as_of"], zone))
    show(title, words["columns"], [_row(item, zone, lang) for item in found["items"]], right=(1, 2, 3, 4))
    say(f"{words['total']}: {'; '.join(_totals(found['items'], lang))}")


def _row(item: Mapping[str, Any], zone: str, lang: Any) -> tuple[str, ...]:
    from sharedchain.display import local_time

    words: Any = _WORDS[lang]
    state = [words["stale" if item["stale"] else "fresh"].format(age=item["age_days"])]
    if item["unsupported_lines"]:
        state.append(words["unsupported"].format(count=len(item["unsupported_lines"])))
    amounts = [_short(item[part], lang) for part in ("new_total", "project_part", "experience_part")]
    refreshed = local_time(item["refreshed_at"], zone)
    return (item["forecast_id"], str(item["version"]), *amounts, refreshed[5:], " ".join(state))


def _short(amount: str, lang: Any) -> str:
    from sharedchain.display import compact, thousands

    return compact(amount, lang) or thousands(amount)


def _totals(items: list[Mapping[str, Any]], lang: Any) -> list[str]:
    """`2026Q2 CNY 178,000,000.00 (1.78亿)`: of each period and currency, as the newest update said it."""
    from sharedchain.display import money

    newest = sorted(items, key=lambda item: item["refreshed_at"])
    said = {(item["period"], item["currency"]): item["period_total"] for item in newest}
    return [f"{period} {currency} {money(total, lang)}" for (period, currency), total in sorted(said.items())]
