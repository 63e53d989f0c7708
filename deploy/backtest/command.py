"""`sharedchain rules backtest` and `sharedchain rules diff`: rules tried on what the log holds. Nobody is told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.backtest import candidates, reading, windows
from deploy.backtest.alarms import Alarm
from deploy.backtest.compare import Change, compare
from deploy.backtest.curve import Curves
from deploy.backtest.hindsight import Lateness, rearranged
from deploy.backtest.lines import print_alarms, print_changes, print_late, print_windows
from deploy.backtest.overlay import Candidate
from deploy.backtest.page import html
from deploy.backtest.reading import Counter, Material
from deploy.backtest.report import by_owner, plain, plain_change, tallies
from deploy.backtest.run import END, folded
from deploy.backtest.words import WORDS
from sharedchain.canonical import dumps
from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.core.localtime import MINUTE
from sharedchain.display import Language
from sharedchain.table import say

_What = Annotated[str, typer.Argument(help="a rule file, folder or id; `live` = the log's own (default: rules/)")]


@dataclass(frozen=True, slots=True)
class Window:
    since: int = 0
    until: int = END

    @classmethod
    def of(cls, since: str, until: str, zone: str) -> Window:
        return cls(reading.moment(since, 0, zone), reading.moment(until, END, zone))


@dataclass
class Found:
    """The alerts of each candidate, in order of their beginning, and what the facts themselves were like."""

    alarms: tuple[list[Alarm], ...]
    count: Counter
    late: Lateness = field(default_factory=Lateness)

    def end(self, scope: str) -> int:
        return self.count.end(scope)


def run(
    what: _What = "",
    since: reading.From = "",
    until: reading.To = "",
    hindsight: Annotated[
        bool, typer.Option("--hindsight", help="facts where they happened, and the difference")
    ] = False,
    as_known: Annotated[bool, typer.Option("--as-known", help="only what was recorded by then (default)")] = False,
    tenant: reading.Tenant = "",
    facts: reading.Facts = "log",
    page: Annotated[
        Path | None, typer.Option("--html", help="write a page with curves, that needs nothing else")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option("--windows", help="file of windows in which something was wrong")
    ] = None,
    root: reading.Root = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Fold the log with these rules: what would have rung, whom it would have told, how long. Nobody is told."""
    if as_known and hindsight:
        raise typer.BadParameter("--hindsight shows both, and their difference; say one of them")
    candidate, window = candidates.named(what, root), Window.of(since, until, reading.zone_of(facts, home, tenant))
    curves = Curves(candidate.rules.values() if page else ())
    found = known(reading.material(facts, home, tenant), [candidate], window, json, curves)
    lang: Language = language()  # type: ignore[assignment]
    changes: list[Change] | None = None
    if hindsight:
        after = looking_back(reading.material(facts, home, tenant), candidate, window, found, json)
        changes = compare(found.alarms[0], after, blur=MINUTE)
    if page:
        title = WORDS[lang]["known"].format(what=candidate.name, n=found.count.facts)
        page.write_text(
            html(title, found.alarms[0], curves, candidate.rules, found.end, lang, found.count.zone, changes), "utf-8"
        )
    caught = windows.caught(windows.load(labels), found.alarms[0]) if labels else None
    if json:
        told = {"labels": windows.plain(*caught)} if caught else {}
        typer.echo(dumps({**_plain(candidate, found, changes), **told}))
        return
    _print(candidate, found, changes, lang)
    if caught:
        say("")
        print_windows(*caught, lang)
    if page:
        say(WORDS[lang]["written"].format(path=page))


def diff(
    old: Annotated[str, typer.Argument(help="a rule file, folder or id; `live` = the log's own")],
    new: Annotated[str, typer.Argument(help="what would stand instead")],
    since: reading.From = "",
    until: reading.To = "",
    tenant: reading.Tenant = "",
    facts: reading.Facts = "log",
    root: reading.Root = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Alerts that NEW would add to OLD's or take away, sooner or later, by owner and subject. Exit 1 if any."""
    pair = [candidates.named(one, root) for one in (old, new)]
    window = Window.of(since, until, reading.zone_of(facts, home, tenant))
    found = known(reading.material(facts, home, tenant), pair, window, json)
    changes = compare(*found.alarms)
    if json:
        rows = [plain_change(change) for change in changes]
        said = {"old": old, "new": new, "facts": found.count.facts, "equal": not changes}
        typer.echo(dumps({**said, "owners": by_owner(changes), "changes": rows}))
    else:
        lang: Language = language()  # type: ignore[assignment]
        say(WORDS[lang]["diff"].format(old=old, new=new, n=found.count.facts))
        print_changes(changes, lang, found.count.zone) if changes else say(WORDS[lang]["same"])
    raise typer.Exit(1 if changes else 0)


def known(
    material: Material, tried: list[Candidate], window: Window, quiet: bool, curves: Curves | None = None
) -> Found:
    """Each candidate over the facts as they became known, in one pass; `curves` gathers what the first looks at."""
    found = Found(tuple([] for _ in tried), Counter(material.read(), quiet=quiet))
    wanted = _wanted(tried)

    def facts() -> Any:
        for fact in found.count:
            found.late.see(fact)
            if curves and fact.recorded < window.until:
                curves.see(fact)
            yield fact

    for seen in folded(facts(), tried, clock=material.clock, until=window.until):
        if curves and seen.candidate == 0:
            curves.hear(seen.derived)
        found.alarms[seen.candidate].extend(a for a in seen.ended if a.within(window.since, window.until) and wanted(a))
    for alarms in found.alarms:
        alarms.sort(key=_place)
    return found


def looking_back(material: Material, tried: Candidate, window: Window, known: Found, quiet: bool) -> list[Alarm]:
    """The same in hindsight, up to where the log's own time went."""
    wanted, until = _wanted([tried]), window.until
    with tempfile.TemporaryDirectory(prefix="sharedchain-") as folder:
        facts = Counter(rearranged(material.read(), Path(folder)), quiet=quiet)
        every = folded(facts, [tried], clock=True, until=until, end=known.end)
        found = [a for seen in every for a in seen.ended if a.within(window.since, until) and wanted(a)]
    return sorted(found, key=_place)


def _wanted(tried: list[Candidate]) -> Callable[[Alarm], bool]:
    """Alerts of the rules that are tried, and of rules that fail; all, if one side is a whole folder or the log."""
    if not all(one.on for one in tried):
        return lambda _: True
    ids = {id_ for one in tried for id_ in one.on}
    return lambda alarm: alarm.rule in ids or (alarm.rule == "R-00" and alarm.subject.removeprefix("rule/") in ids)


def _place(alarm: Alarm) -> tuple[int, str, str, str]:
    return alarm.opened, alarm.scope, alarm.rule, alarm.subject


def _plain(candidate: Candidate, found: Found, changes: list[Change] | None) -> dict[str, Any]:
    (alarms,) = found.alarms
    said = {
        "what": candidate.name,
        "facts": found.count.facts,
        "late": {"facts": found.late.facts, "worst_seconds": found.late.worst / 1000, "by_type": found.late.by_type},
        "rules": [{name: getattr(t, name) for name in t.__slots__} for t in tallies(alarms, found.end)],
        "alarms": [plain(alarm) for alarm in alarms],
    }
    return said if changes is None else {**said, "hindsight": [plain_change(change) for change in changes]}


def _print(candidate: Candidate, found: Found, changes: list[Change] | None, lang: Language) -> None:
    words = WORDS[lang]
    say(words["known"].format(what=candidate.name, n=found.count.facts))
    print_alarms(found.alarms[0], found.end, lang, found.count.zone)
    print_late(found.late, lang)
    if changes is not None:
        say("")
        say(words["differs" if changes else "alike"])
        if changes:
            print_changes(changes, lang, found.count.zone)
