"""What a back-test found, as people read it at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy.backtest.alarms import Alarm
from deploy.backtest.compare import KINDS, Change
from deploy.backtest.hindsight import Lateness
from deploy.backtest.report import End, Tally, Zone, by_owner, tallies
from deploy.backtest.windows import Catch
from deploy.backtest.words import WORDS
from sharedchain.core.localtime import local_text
from sharedchain.core.settings import DEFAULT
from sharedchain.display import Language, duration
from sharedchain.table import say, show

_SHOWN = 40  # rows of a listing for people; JSON has them all


def print_alarms(found: Sequence[Alarm], end: End, lang: Language, zone: Zone) -> None:
    """One line a rule, then each alert with its title."""
    words = WORDS[lang]
    if not found:
        say(words["none"])
        return
    show("", words["rules"], [_tally(t, lang) for t in tallies(found, end)], right=(1, 2, 3, 4, 5, 6, 7))
    say("")
    titles = [alarm.title_zh if lang == "zh" else alarm.title_en for alarm in found[:_SHOWN]]
    show(
        "",
        words["alarms"],
        [_alarm(alarm, words, zone(alarm.scope)) for alarm in found[:_SHOWN]],
        folding=(4, 5),
        below=titles,
    )
    if len(found) > _SHOWN:
        say(words["more"].format(n=len(found) - _SHOWN))


def print_changes(changes: Sequence[Change], lang: Language, zone: Zone) -> None:
    """How many for whom, then each with its old and new beginning."""
    words = WORDS[lang]
    rows = [[owner, *(str(counts[kind]) for kind in KINDS)] for owner, counts in by_owner(changes).items()]
    show("", words["summary"], rows, right=(1, 2, 3, 4, 5), folding=(0,))
    say("")
    show(
        "",
        words["changes"],
        [_change(one, words, lang, zone(one.alarm.scope)) for one in changes[:_SHOWN]],
        folding=(2, 3),
    )
    if len(changes) > _SHOWN:
        say(words["more"].format(n=len(changes) - _SHOWN))


def print_late(late: Lateness, lang: Language) -> None:
    """How much of the log came late, if any."""
    if late.facts:
        types = ", ".join(f"{name} {n}" for name, n in sorted(late.by_type.items(), key=lambda one: -one[1])[:5])
        say(WORDS[lang]["late"].format(n=late.facts, worst=duration(late.worst // 1000, lang), types=types))


def print_windows(catches: Sequence[Catch], nothing: Sequence[Alarm], lang: Language) -> None:
    """Each labelled window: caught or not, how long after its start, how long before its end."""
    words = WORDS[lang]
    rows = [_window(one, words, lang) for one in catches]
    show("", words["windows"], rows, right=(4, 5), folding=(0,))
    told = sum(one.caught for one in catches)
    say(words["false"].format(caught=told, all=len(catches), n=len(nothing)))


def _window(one: Catch, words: Any, lang: Language) -> tuple[str, ...]:
    span = (_when(one.window.start, DEFAULT.timezone), _when(one.window.end, DEFAULT.timezone)[5:])
    if one.into is None:
        return one.window.name, *span, words["missed"], "", ""
    left = one.window.end - one.window.start - one.into
    how = words["already"] if one.already else words["caught"]
    return one.window.name, *span, how, duration(one.into // 1000, lang), duration(left // 1000, lang)


def _tally(t: Tally, lang: Language) -> tuple[str, ...]:
    spans = (duration(ms // 1000, lang) for ms in (t.longest, t.together))
    return t.rule, str(t.version), str(t.alarms), str(t.red), str(t.subjects), str(t.people), *spans


def _alarm(alarm: Alarm, words: Any, zone: str) -> tuple[str, ...]:
    ended = words["open"] if alarm.ended is None else _when(alarm.ended, zone)[5:]
    return _when(alarm.opened, zone), ended, alarm.severity, alarm.rule, alarm.subject, ", ".join(alarm.told)


def _change(change: Change, words: Any, lang: Language, zone: str) -> tuple[str, ...]:
    sides = tuple(_when(side.opened, zone)[5:] if side else "" for side in (change.old, change.new))
    span = duration(abs(change.by) // 1000, lang)
    shift = f"{'−' if change.by < 0 else '+'}{span}" if change.by else _otherwise(change)
    return words[change.kind], change.alarm.rule, change.alarm.subject, change.alarm.owner, *sides, shift


def _otherwise(change: Change) -> str:
    old, new = change.old, change.new
    if old is None or new is None:
        return ""
    if old.severity != new.severity:
        return f"{old.severity} → {new.severity}"
    return "told" if old.told != new.told else "end"


def _when(ms: int, zone: str) -> str:
    return local_text(ms, zone)[:16]
