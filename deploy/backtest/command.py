"""`sharedchain rules backtest`: what rules would have said over the log, to whom, for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy.backtest import candidates, source
from deploy.backtest.alarms import Alarm
from deploy.backtest.report import Tally, plain, tallies
from deploy.backtest.run import END, backtest
from sharedchain.canonical import dumps
from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.core.localtime import local_text
from sharedchain.core.settings import DEFAULT
from sharedchain.display import duration
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConfigError
from sharedchain.fact import Fact
from sharedchain.table import say, show

_SHOWN = 40  # alerts in the listing for people; JSON has them all
_WORDS = {
    "zh": {
        "rules": "回测 · {what} · {n} 条事实",
        "by_rule": ("规则", "版本", "告警", "红线", "对象", "通知", "最长", "合计"),
        "alarms": ("开始", "结束", "级别", "规则", "对象", "通知", "内容"),
        "open": "未结束",
        "none": "没有告警。",
        "more": "…… 另有 {n} 条，见 --json",
        "broken": "不能加载：{key}：{why}",
    },
    "en": {
        "rules": "Back-test · {what} · {n} facts",
        "by_rule": ("rule", "version", "alerts", "red", "subjects", "people", "longest", "together"),
        "alarms": ("from", "to", "severity", "rule", "subject", "told", "what"),
        "open": "open",
        "none": "Nothing would have rung.",
        "more": "… and {n} more: --json",
        "broken": "does not load: {key}: {why}",
    },
}


def run(
    what: Annotated[
        str, typer.Argument(help="a rule file, folder or id; `live` = the log's own (default: rules/)")
    ] = "",
    since: Annotated[str, typer.Option("--from", help="from this local day or moment")] = "",
    until: Annotated[str, typer.Option("--to", help="to before this local day or moment")] = "",
    tenant: Annotated[str, typer.Option(help="one company only (default: all)")] = "",
    root: Annotated[Path | None, typer.Option("--root", help="the folder that holds rules/ (default: our own)")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Fold the log with these rules: what would have rung, whom it would have told, how long. Nobody is told."""
    candidate = candidates.named(what, root)
    first, last = moment(since, 0), moment(until, END)
    count = Counter(source.of_log(Endpoints.load(home), tenant)(), quiet=json)
    found = [
        a for a in backtest(count, candidate, since=first, until=last) if not candidate.on or a.rule in candidate.on
    ]
    found.sort(key=lambda alarm: (alarm.opened, alarm.scope, alarm.rule, alarm.subject))
    if json:
        said = {"what": candidate.name, "mode": "as-known", "facts": count.facts, "until": count.last}
        rows = [dict(zip(Tally.__slots__, _fields(t), strict=True)) for t in tallies(found, count.last)]
        typer.echo(dumps({**said, "rules": rows, "alarms": [plain(alarm) for alarm in found]}))
        return
    print_found(candidate.name, found, count)


class Counter:
    """Counts the facts that pass, and remembers how far they reach; a line on stderr shows it."""

    def __init__(self, facts: Iterator[Fact], *, quiet: bool = False) -> None:
        self._facts, self._quiet = facts, quiet
        self.facts, self.last = 0, 0

    def __iter__(self) -> Iterator[Fact]:
        columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f}"), TextColumn("{task.fields[at]}"))
        bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), disable=self._quiet, transient=True)
        with bar:
            task = bar.add_task("", total=None, at="")
            for fact in self._facts:
                self.facts += 1
                self.last = max(self.last, fact.recorded)
                if self.facts % 1000 == 0:
                    bar.update(task, completed=self.facts, at=local_text(fact.recorded, DEFAULT.timezone)[:10])
                yield fact


def moment(text: str, default: int) -> int:
    """Milliseconds of a day or moment; without an offset it is local time of the default zone."""
    if not text:
        return default
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError([f"{text!r} is no day or moment, as 2026-05-01 or 2026-05-01T08:00"]) from None
    return round((at if at.tzinfo else at.replace(tzinfo=ZoneInfo(DEFAULT.timezone))).timestamp() * 1000)


def print_found(what: str, found: Sequence[Alarm], count: Counter) -> None:
    """One line a rule, then one line an alert."""
    lang = language()
    words: Any = _WORDS[lang]
    say(words["rules"].format(what=what, n=count.facts))
    if not found:
        say(words["none"])
        return
    rows = [_tally_row(t, lang) for t in tallies(found, count.last)]
    show("", words["by_rule"], rows, right=(1, 2, 3, 4, 5, 6, 7))
    say("")
    show("", words["alarms"], [_alarm_row(alarm, words, lang) for alarm in found[:_SHOWN]])
    if len(found) > _SHOWN:
        say(words["more"].format(n=len(found) - _SHOWN))


def _fields(t: Tally) -> tuple[Any, ...]:
    return t.rule, t.version, t.alarms, t.red, t.subjects, t.people, t.rang, t.longest


def _tally_row(t: Tally, lang: Any) -> tuple[str, ...]:
    spans = (duration(ms // 1000, lang) for ms in (t.longest, t.rang))
    return t.rule, str(t.version), str(t.alarms), str(t.red), str(t.subjects), str(t.people), *spans


def _alarm_row(alarm: Alarm, words: Any, lang: str) -> tuple[str, ...]:
    zone = DEFAULT.timezone
    ended = words["open"] if alarm.ended is None else local_text(alarm.ended, zone)[5:16]
    title = alarm.title_zh if lang == "zh" else alarm.title_en
    told = ",".join(alarm.told)
    return local_text(alarm.opened, zone)[:16], ended, alarm.severity, alarm.rule, alarm.subject, told, title
