"""`sharedchain metric ID`: a measure's values, at a moment, as known then or now; without an ID, what there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from sharedchain.cli import language
from sharedchain.cli.options import Home, Json

_WORDS = {
    "zh": {
        "frame": "{tenant} · {zone} · 截至 {now}",
        "columns": ("维度", "分钟", "数值", "约合"),
        "flow": ("维度", "分钟", "当分钟", "累计"),
        "listed": ("指标", "名称", "单位", "维度"),
        "empty": "{tenant} 的 {id} 没有数值（别的公司：--tenant）。数值在每分钟结束时写入：刚导入的，一分钟后再看。\n"
        "看有哪些预测：sharedchain forecasts；发布事件：sharedchain publish TYPE",
        "unknown": "没有指标 {id}：sharedchain metric 列出全部指标",
        "near": "没有指标 {id}：是指 {near} 吗？",
        "nothing": "还没有指标：指标在 rules/measures/ 里，启动后写入日志",
        "whole": "（整体）",
        "none": "无值",
        "corrected": "（更正）",
        "d": "天",
        "h": "小时",
        "leads": "条线索",
        "opportunities": "个商机",
        "contracts": "份合同",
        "versions": "版",
        "records": "条记录",
        "readings": "条读数",
        "currency": "金额",
        "ratio": "比率",
        "empty_dim": "（无）",
    },
    "en": {
        "frame": "{tenant} · {zone} · as of {now}",
        "columns": ("dimensions", "minute", "value", "about"),
        "flow": ("dimensions", "minute", "added", "total"),
        "listed": ("measure", "name", "unit", "dimensions"),
        "empty": "{id} of {tenant} has no values (another company: --tenant). "
        "A value is written when its minute ends: after an import, ask again in a minute.\n"
        "The forecasts: sharedchain forecasts; publish: sharedchain publish TYPE",
        "unknown": "no measure {id}: `sharedchain metric` lists them",
        "near": "no measure {id}: did you mean {near}?",
        "nothing": "no measures yet: they are in rules/measures/ and enter the log at the start",
        "whole": "(whole)",
        "none": "no value",
        "corrected": " (corrected)",
        "currency": "money",
        "empty_dim": "(none)",
    },
}
_ONE = {"opportunities": "opportunity"} | {
    f"{one}s": one for one in ("lead", "contract", "version", "record", "reading")
}


def metric(
    metric_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="measure, e.g. M-09; without it: what measures there are")
    ] = None,
    at: Annotated[str | None, typer.Option(help="the minute asked for (RFC 3339 with zone; default: now)")] = None,
    as_known: Annotated[str | None, typer.Option(help="only what was recorded until then (RFC 3339)")] = None,
    dims: Annotated[list[str] | None, typer.Option(help="k=v, repeat for more: --dims region=BR")] = None,
    by: Annotated[list[str] | None, typer.Option(help="only rows of exactly these dimensions: --by period")] = None,
    tenant: Annotated[str, typer.Option(help="whose data")] = "default",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show a measure: the last value at or before a minute, for each combination of dimensions."""
    from urllib.parse import quote

    from sharedchain.canonical import dumps
    from sharedchain.endpoints import Endpoints
    from sharedchain.reader import read

    path = "/v1/metrics" if metric_id is None else f"/v1/metrics/{quote(metric_id, safe='')}"
    params: dict[str, Any] = {"at": at, "as_known": as_known, "dims": dims or None, "tenant": tenant}
    found = read(Endpoints.load(home), path, params if metric_id else {})
    if by is not None:
        found["items"] = split_by(by, found["items"])
    if metric_id is not None and not json and not found["items"] and not found["name"]:
        every = read(Endpoints.load(home), "/v1/metrics", {})
        raise no_measure(metric_id, [one["id"] for one in every["items"]], language())
    if json:
        typer.echo(dumps(found))
    elif metric_id is None:
        print_measures(found, language())
    else:
        print_metric(found, at, language())


def split_by(names: list[str], items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows whose dimensions are exactly these. Raises SharedChainError where there are none but others."""
    from sharedchain.errors import SharedChainError

    wanted, there = set(names), sorted({", ".join(sorted(one["dims"])) for one in items if one["dims"]})
    kept = [one for one in items if set(one["dims"]) == wanted]
    if items and not kept:
        raise SharedChainError(f"not by {', '.join(names)}: there is {'; '.join(there) or 'the whole only'}")
    return kept


def no_measure(asked: str, known: list[str], lang: str) -> Exception:
    """The error for an id that no measure has, with those it may have meant: parts of it, or nearly the same."""
    from difflib import get_close_matches

    from sharedchain.errors import SharedChainError

    wanted = asked.upper()
    parts = [id_ for id_ in known if id_.upper().startswith(f"{wanted}.")]
    near = ([wanted] if wanted in known else parts) or get_close_matches(wanted, known, n=3, cutoff=0.8)
    said: Any = _WORDS[lang]
    return SharedChainError(said["near" if near else "unknown"].format(id=asked, near=", ".join(near)))


def print_measures(found: Mapping[str, Any], lang: str) -> None:
    """The answer of GET /v1/metrics as a table."""
    from sharedchain.table import say, show

    words: Any = _WORDS[lang]
    if not found["items"]:
        say(words["nothing"])
        return
    rows = [
        (
            one["id"],
            one["name"].get(lang, ""),
            words.get(one["unit"], one["unit"]),
            "; ".join(", ".join(names) or words["whole"] for names in one["dims"]),
        )
        for one in found["items"]
    ]
    show("", words["listed"], rows, folding=(1, 3))


def print_metric(found: Mapping[str, Any], at: str | None, lang: str) -> None:
    """The answer of GET /v1/metrics/{id} as a table: exact values in the units people read, short forms beside."""
    from sharedchain.display import local_time
    from sharedchain.table import say, show

    words: Any = _WORDS[lang]
    whose, ident = found["tenant"], found["metric_id"]
    if not found["items"]:
        say(words["empty"].format(id=ident, tenant=whose["name"]))
        return
    flow = found["kind"] == "flow"
    zone = whose["timezone"]
    now = local_time(at or found["as_of"], zone)
    title = f"{ident} {found['name'].get(lang, '')}\n{words['frame'].format(tenant=whose['name'], zone=zone, now=now)}"
    rows = [_row(item, zone, lang, flow=flow) for item in sorted(found["items"], key=_order)]
    kept = 4 if any(row[3] for row in rows) else 3  # nothing is in millions: no column for it
    show(title, words["flow" if flow else "columns"][:kept], [row[:kept] for row in rows], right=(2, 3), folding=(0,))


def _row(item: Mapping[str, Any], zone: str, lang: Any, *, flow: bool) -> tuple[str, ...]:
    from sharedchain.display import local_time

    words: Any = _WORDS[lang]
    dims = " ".join(_dim(name, value, lang) for name, value in sorted(item["dims"].items())) or words["whole"]
    value, unit = item["value"], item["unit"]
    said = words["none"] if value is None else quantity(value, unit, lang)
    if item.get("corrected"):
        said += words["corrected"]
    beside = quantity(item["total"], unit, lang) if flow else _about(value, unit, lang)
    return dims, local_time(item["minute"], zone)[:16], said, beside


def _about(value: str | None, unit: str, lang: Any) -> str:
    """The short form of an amount; hours in days; nothing where there is nothing shorter."""
    from decimal import Decimal

    from sharedchain.display import compact, duration

    if value is None or unit == "ratio":
        return ""
    if unit == "h":
        return duration(int(Decimal(value) * 3600), lang) if Decimal(value) >= 24 else ""
    return compact(value, lang)


def _dim(name: str, value: str, lang: Any) -> str:
    """`stage=SIGNED 已签约`: as --dims takes it, and for a Chinese reader what the code says."""
    from sharedchain.tracewords import word

    label = word(value, lang) if name == "stage" and lang == "zh" else ""
    said = f"{name}={value or _WORDS[lang]['empty_dim']}"
    return f"{said} {label}" if label not in ("", value) else said


def _order(item: Mapping[str, Any]) -> tuple[Any, ...]:
    """The whole first, then by dimension; stages in the order of the flow, not of the alphabet."""
    from sharedchain.tracewords import codes

    stages = codes("opportunity_stage")

    def place(name: str, value: str) -> tuple[str, int, str]:
        first = value.partition(">")[0]
        return name, stages.index(first) if name in ("stage", "pair") and first in stages else -1, value

    return len(item["dims"]), *(place(name, value) for name, value in sorted(item["dims"].items()))


def quantity(value: str, unit: str, lang: Any) -> str:
    """A value with its unit as people read it: `86.00 %`, `11 天`, `160,000,000.00 CNY`, `10 leads`."""
    from decimal import Decimal

    from sharedchain.display import percent, thousands

    if unit == "ratio":
        return percent(value)
    name = _WORDS[lang].get(unit, unit)
    if lang == "en" and Decimal(value) == 1:
        name = _ONE.get(unit, name)
    return f"{thousands(trimmed(value))} {name}".strip()


def trimmed(value: str) -> str:
    """`178000000.0000` → `178000000.00`: places beyond the second only where they say something."""
    whole, dot, places = value.partition(".")
    if not dot:
        return value
    kept = places[:2] + places[2:].rstrip("0")
    return f"{whole}.{kept}" if kept.strip("0") or len(whole) > 4 else whole
