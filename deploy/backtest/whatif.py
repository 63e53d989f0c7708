"""`sharedchain whatif`: the log branched with hypothetical facts; measures and lamps against the base."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import ValidationError

from deploy.backtest import reading
from deploy.backtest.alarms import Alarm
from deploy.backtest.branch import Plan, Side, branched
from deploy.backtest.compare import compare
from deploy.backtest.lines import print_changes
from deploy.backtest.report import plain_change
from sharedchain.canonical import dumps
from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.display import Language, thousands
from sharedchain.errors import ConfigError
from sharedchain.schemas import Catalog
from sharedchain.table import say, show
from sharedchain.yamlfile import read

Row = tuple[str, str, Decimal | None, Decimal | None]  # measure, dims, base, branch
_WORDS: dict[str, dict[str, Any]] = {
    "zh": {
        "title": "假设 · {what}",
        "measures": ("指标", "维度", "现状", "假设", "差"),
        "same_measures": "指标不变。",
        "lamps": "红灯 {base} → {branch}，未结束的告警 {old} → {new}",
        "same_lamps": "告警不变。",
    },
    "en": {
        "title": "What if · {what}",
        "measures": ("measure", "dims", "base", "what if", "difference"),
        "same_measures": "No measure changes.",
        "lamps": "red lamps {base} → {branch}, open alerts {old} → {new}",
        "same_lamps": "No alert changes.",
    },
}


def whatif(
    file: Annotated[Path, typer.Option("-f", "--file", help="hypotheses: add, change and drop facts (YAML)")],
    facts: reading.Facts = "log",
    home: Home = None,
    json: Json = False,
) -> None:
    """Branch the log with hypothetical facts and fold both with the same core. Nothing is written, nobody is told."""
    plan = load(file)
    material = reading.material(facts, home, plan.tenant)
    zone = reading.zone_of(facts, home, plan.tenant)
    count = reading.Counter(material.read(), quiet=json)
    schemas = {name: kind.schema for name, kind in Catalog.load().types.items()}
    try:
        base, branch = branched(count, plan, schemas, lambda text: reading.moment(text, 0, zone))
    except ValueError as error:
        raise ConfigError([f"{file}: {error}"]) from None
    rows, sides = moved(base, branch), (base.end(), branch.end())
    changes = compare(*sides)
    counts = {name: (_red(alarms), len(_open(alarms))) for name, alarms in zip(("base", "branch"), sides, strict=True)}
    if json:
        measures = [dict(zip(("measure", "dims", "base", "branch"), row, strict=True)) for row in rows]
        lamps = {name: {"red": red, "open": standing} for name, (red, standing) in counts.items()}
        typer.echo(dumps({"measures": measures, "lamps": lamps, "alarms": [plain_change(one) for one in changes]}))
        return
    lang: Language = language()  # type: ignore[assignment]
    words = _WORDS[lang]
    say(words["title"].format(what=plan.title or file))
    if rows:
        show("", words["measures"], [_shown(row) for row in rows], right=(2, 3, 4), folding=(1,))
    else:
        say(words["same_measures"])
    (red, standing), (after, later) = counts["base"], counts["branch"]
    say("\n" + words["lamps"].format(base=red, branch=after, old=standing, new=later))
    if changes:
        print_changes(changes, lang, count.zone)
    else:
        say(words["same_lamps"])


def load(path: Path) -> Plan:
    """Read a file of hypotheses. Raises ConfigError."""
    try:
        return Plan.model_validate(read(path).value)
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from None
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: no YAML: {error}"]) from None
    except ValidationError as error:
        raise ConfigError([f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]) from None


def moved(base: Side, branch: Side) -> list[Row]:
    """Measures that do not end alike, by measure and dims."""
    keys = sorted({*base.numbers.found, *branch.numbers.found})
    pairs = ((key, base.numbers.found.get(key), branch.numbers.found.get(key)) for key in keys)
    return [(name, ", ".join(f"{d}={v}" for d, v in dims), a, b) for (name, dims), a, b in pairs if a != b]


def _open(alarms: Sequence[Alarm]) -> list[Alarm]:
    return [alarm for alarm in alarms if alarm.ended is None]


def _red(alarms: Sequence[Alarm]) -> int:
    return sum(alarm.severity == "RED" for alarm in _open(alarms))


def _shown(row: Row) -> tuple[str, ...]:
    name, dims, base, branch = row
    gap = "" if base is None or branch is None else thousands(branch - base)
    return name, dims, *("" if one is None else thousands(one) for one in (base, branch)), gap
