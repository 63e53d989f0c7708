"""`sharedchain metric ID`: a measure's values, at a moment, as known then or now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from sharedchain.cli import language
from sharedchain.cli.options import Home, Json

_WORDS = {
    "zh": {
        "title": "{id} {name} · {tenant} · {zone} · 截至 {now}",
        "columns": ("维度", "分钟", "数值", "", "单位"),
        "flow": ("维度", "分钟", "当分钟", "累计", "单位"),
        "empty": "{tenant} 的 {id} 没有数值（别的公司：--tenant）。\n"
        "看有哪些预测：sharedchain forecasts；发布事件：sharedchain publish TYPE",
        "unknown": "没有指标 {id}：指标在 rules/measures/ 里",
        "none": "无值",
        "corrected": "（更正）",
    },
    "en": {
        "title": "{id} {name} · {tenant} · {zone} · as of {now}",
        "columns": ("dimensions", "minute", "value", "", "unit"),
        "flow": ("dimensions", "minute", "added", "total", "unit"),
        "empty": "{id} of {tenant} has no values (another company: --tenant).\n"
        "The forecasts: sharedchain forecasts; publish: sharedchain publish TYPE",
        "unknown": "no measure {id}: the measures are in rules/measures/",
        "none": "no value",
        "corrected": " (corrected)",
    },
}


def metric(
    metric_id: Annotated[str, typer.Argument(metavar="ID", help="measure, e.g. M-09")],
    at: Annotated[str | None, typer.Option(help="the minute asked for (RFC 3339 with zone; default: now)")] = None,
    as_known: Annotated[str | None, typer.Option(help="only what was recorded until then (RFC 3339)")] = None,
    dims: Annotated[list[str] | None, typer.Option(help="k=v, repeat for more: --dims region=BR")] = None,
    tenant: Annotated[str, typer.Option(help="whose data")] = "default",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show a measure: the last value at or before a minute, for each combination of dimensions."""
    from urllib.parse import quote

    from sharedchain.canonical import dumps
    from sharedchain.endpoints import Endpoints
    from sharedchain.reader import read

    params: dict[str, Any] = {"at": at, "as_known": as_known, "dims": dims or None, "tenant": tenant}
    found = read(Endpoints.load(home), f"/v1/metrics/{quote(metric_id, safe='')}", params)
    if json:
        typer.echo(dumps(found))
        return
    print_metric(found, at, language())


def print_metric(found: Mapping[str, Any], at: str | None, lang: str) -> None:
    """The answer of GET /v1/metrics/{id} as a table: exact values, short forms beside them."""
    from sharedchain.display import local_time
    from sharedchain.errors import SharedChainError
    from sharedchain.table import say, show

    words: Any = _WORDS[lang]
    whose, ident = found["tenant"], found["metric_id"]
    if not found["items"]:
        if not found["name"]:
            raise SharedChainError(words["unknown"].format(id=ident))
        say(words["empty"].format(id=ident, tenant=whose["name"]))
        return
    flow = found["kind"] == "flow"
    zone = whose["timezone"]
    title = words["title"].format(
        id=ident,
        name=found["name"].get(lang, ""),
        tenant=whose["name"],
        zone=zone,
        now=local_time(at or found["as_of"], zone),
    )
    rows = [_row(item, zone, lang, flow=flow) for item in found["items"]]
    show(title, words["flow" if flow else "columns"], rows, right=(2, 3))


def _row(item: Mapping[str, Any], zone: str, lang: Any, *, flow: bool) -> tuple[str, ...]:
    from sharedchain.display import local_time, thousands

    words: Any = _WORDS[lang]
    dims = " ".join(f"{name}={value}" for name, value in sorted(item["dims"].items())) or "-"
    value = item["value"]
    exact = words["none"] if value is None else thousands(trimmed(value))
    beside = thousands(trimmed(item["total"])) if flow else _short(value, item["unit"], lang)
    unit = item["unit"] + (words["corrected"] if item.get("corrected") else "")
    return dims, local_time(item["minute"], zone), exact, beside, unit


def _short(value: str | None, unit: str, lang: Any) -> str:
    """`160M`; a ratio as the alerts say it, `80.00 %`."""
    from decimal import Decimal

    from sharedchain.display import compact

    if value is None:
        return ""
    return f"{Decimal(value) * 100:.2f} %" if unit == "ratio" else compact(value, lang)


def trimmed(value: str) -> str:
    """`178000000.0000` → `178000000.00`: places beyond the second only where they say something."""
    whole, dot, places = value.partition(".")
    if not dot:
        return value
    kept = places[:2] + places[2:].rstrip("0")
    return f"{whole}.{kept}" if kept.strip("0") or len(whole) > 4 else whole
