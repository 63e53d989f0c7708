"""A back-test as one HTML page that needs nothing else: curves, red lines, alerts. Pure: values in, text out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.backtest.alarms import Alarm
from deploy.backtest.compare import Change
from deploy.backtest.curve import Curve, Curves
from deploy.backtest.report import End, Zone, tallies
from deploy.backtest.words import WORDS
from sharedchain.core.localtime import local_text
from sharedchain.core.rule import Rule
from sharedchain.display import Language, duration

WIDE, HIGH, EDGE = 860, 180, 8
_PLOTS = 12  # drawn; the table has all alerts
_ROWS = 500


@dataclass(frozen=True, slots=True)
class Plot:
    """One subject of one rule, in the units of the picture."""

    title: str
    area: str  # points of what lies between lowest and highest
    line: str
    lines: tuple[tuple[str, float, str], ...]  # severity, height, threshold as text
    bars: tuple[tuple[str, float, float, str], ...]  # severity, left, width, what it says
    top: str
    bottom: str
    first: str
    last: str


def html(
    title: str,
    alarms: Sequence[Alarm],
    curves: Curves,
    rules: Mapping[str, Rule],
    end: End,
    lang: Language,
    zone: Zone,
    changes: Sequence[Change] | None = None,
) -> str:
    """The whole page."""
    words = WORDS[lang]
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    spans = [(t, duration(t.longest // 1000, lang), duration(t.together // 1000, lang)) for t in tallies(alarms, end)]
    return templates.get_template("page.html").render(
        lang=lang,
        title=title,
        words=words,
        tallies=spans,
        plots=list(_plots(alarms, curves, rules, end, zone)),
        alarms=[_row(alarm, words, lang, zone(alarm.scope)) for alarm in alarms[:_ROWS]],
        left_out=max(len(alarms) - _ROWS, 0),
        changes=None if changes is None else [_change(one, words, zone(one.alarm.scope)) for one in changes[:_ROWS]],
        wide=WIDE,
        high=HIGH,
    )


def _plots(alarms: Sequence[Alarm], curves: Curves, rules: Mapping[str, Rule], end: End, zone: Zone) -> Iterator[Plot]:
    """Subjects with most alerts first; then, for want of any, what never rang."""
    rang: dict[tuple[str, str, str], list[Alarm]] = {}
    for alarm in alarms:
        rang.setdefault((alarm.scope, alarm.rule, alarm.subject), []).append(alarm)
    quiet = dict.fromkeys((scope, rule, subject) for scope, rule, subject, _ in curves.found)
    drawn = 0
    for key in [*sorted(rang, key=lambda one: -len(rang[one])), *(one for one in quiet if one not in rang)]:
        scope, rule, subject = key
        for part, curve in curves.about(scope, rule, subject):
            if drawn < _PLOTS and rule in rules and len(curve.buckets) > 1:
                drawn += 1
                name = " · ".join(filter(None, (rule, scope, subject, part)))
                yield _plot(name, curve, rules[rule], rang.get(key, []), end(scope), zone(scope))


def _plot(name: str, curve: Curve, rule: Rule, alarms: Sequence[Alarm], end: int, zone: str) -> Plot:
    marks = [(band.severity, float(band.threshold)) for band in rule.bands if band.threshold is not None]
    heights = [one.low for one in curve.buckets] + [one.high for one in curve.buckets] + [mark for _, mark in marks]
    low, high = min(heights), max(heights)
    first, last = curve.buckets[0].at, max(curve.buckets[-1].at, curve.buckets[0].at + 1)

    def x(at: int) -> float:
        return round(EDGE + (WIDE - 2 * EDGE) * (min(max(at, first), last) - first) / (last - first), 1)

    def y(value: float) -> float:
        return round(HIGH - EDGE - (HIGH - 2 * EDGE) * ((value - low) / (high - low) if high > low else 0.5), 1)

    over = [f"{x(one.at)},{y(one.high)}" for one in curve.buckets]
    under = [f"{x(one.at)},{y(one.low)}" for one in reversed(curve.buckets)]
    return Plot(
        name,
        area=" ".join([*over, *under]),
        line=" ".join(f"{x(one.at)},{y(one.last)}" for one in curve.buckets),
        lines=tuple((severity, y(mark), f"{mark:g}") for severity, mark in marks),
        bars=tuple(
            (
                a.severity,
                x(a.opened),
                max(x(end if a.ended is None else a.ended) - x(a.opened), 2),
                _when(a.opened, zone),
            )
            for a in alarms
            if a.opened <= last
        ),
        top=f"{high:g}",
        bottom=f"{low:g}",
        first=_when(first, zone)[:10],
        last=_when(last, zone)[:10],
    )


def _row(alarm: Alarm, words: Mapping[str, Any], lang: Language, zone: str) -> tuple[str, ...]:
    title = alarm.title_zh if lang == "zh" else alarm.title_en
    ended = words["open"] if alarm.ended is None else _when(alarm.ended, zone)
    return _when(alarm.opened, zone), ended, alarm.severity, alarm.rule, alarm.subject, ", ".join(alarm.told), title


def _change(change: Change, words: Mapping[str, Any], zone: str) -> tuple[str, ...]:
    sides = tuple(_when(side.opened, zone) if side else "" for side in (change.old, change.new))
    return words[change.kind], change.alarm.rule, change.alarm.subject, change.alarm.owner, *sides


def _when(ms: int, zone: str) -> str:
    return local_text(ms, zone)[:16]
