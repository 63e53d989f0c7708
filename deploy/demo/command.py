"""`sharedchain demo`: everything up, a story plays, expected against found; exit 1 on any difference."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.demo.compare import Difference, compare
from deploy.demo.found import client, heard, levels, read, told
from deploy.demo.narrator import Narrator
from deploy.demo.player import Player
from deploy.demo.sections import SECTIONS
from deploy.demo.story import Row, Step, Story, load
from deploy.local import state
from deploy.local.kafka import BRIEF, JVM
from deploy.local.stack import Stack
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConfigError

DONGCHEN = Path(__file__).parent / "stories" / "dongchen.yaml"
HOME = Path(".sharedchain-demo")


def demo(
    story: Annotated[Path, typer.Option(help="the story file (YAML)")] = DONGCHEN,
    home: Annotated[Path, typer.Option(help="where it lives; emptied first, kept afterwards")] = HOME,
    lang: Annotated[str, typer.Option(help="zh or en (default: LANG)")] = "",
) -> None:
    """Play a story on a fresh chain of real parts; exit 1 if anything differs from its rows."""
    zh = (lang or os.environ.get("LANG", "")).startswith("zh")
    script = load(story)
    started = time.monotonic()
    _clear(home)
    os.environ.setdefault(JVM, BRIEF)
    with Stack(home, tell=print) as endpoints:
        differences = play(script, endpoints, zh)
    tenant = next(iter(script.tenants))
    tool = Path(sys.executable).parent / "sharedchain"
    said = os.path.relpath(tool) if tool.exists() else "sharedchain"
    look = f"{said} up -d --home {home} && {said} alerts --home {home} --tenant {tenant}"
    print(f"\n{'用时' if zh else 'took'} {time.monotonic() - started:.1f} s")
    print(f"{'接着看' if zh else 'look around'}: {look}")
    sys.exit(0 if all(d.equal for d in differences) else 1)


def _clear(home: Path) -> None:
    """Empty a home that an earlier demo left; nothing else is ever deleted."""
    if not home.exists() or not any(home.iterdir()):
        return
    if not (home / "endpoints.json").exists() and not (home / "run").exists():
        raise ConfigError([f"{home}: holds something that is no home of the chain; name another place with --home"])
    running = state.load(home)
    if running is not None and running.alive():
        raise ConfigError([f"{home}: a chain is running there; stop it with `sharedchain down --home {home}`"])
    shutil.rmtree(home)


def play(script: Story, endpoints: Endpoints, zh: bool) -> list[Difference]:
    """Play `script` on the running chain, telling it in Chinese or English; return each section's verdict."""
    print("\n" + (script.title.zh if zh else script.title.en))
    store = client(endpoints)
    narrators = [Narrator(store, endpoints.home, tenant, script.zone(tenant), zh) for tenant in script.tenants]

    def seen(instant: datetime, steps: list[tuple[str, Step]]) -> None:
        for narrator in narrators:
            narrator.saw(instant, steps)

    Player(endpoints, script).play(seen)
    print()
    differences = []
    for tenant in script.tenants:
        differences += judge(script, endpoints, tenant)
    report(differences, zh)
    return differences


def judge(script: Story, endpoints: Endpoints, tenant: str) -> list[Difference]:
    """Each expected section of `tenant` against what is found, in both directions."""
    store, zone = client(endpoints), script.zone(tenant)
    arrived = {**told(endpoints, store, tenant), **heard(endpoints, tenant, zone)}
    verdicts = []
    for section, rows in script.expect.items():
        wanted = [r for r in rows if r.get("tenant", tenant) == tenant]
        plain = [{k: v for k, v in r.items() if k not in ("label", "tenant")} for r in wanted]
        if section == "levels":
            found = levels(endpoints, tenant, [row["metric"] for row in plain])
        else:
            found = read(store, section, tenant, zone) if section in SECTIONS else arrived[section]
        verdicts.append(compare(section, plain, _named(section, plain, found)))
    return verdicts


def _named(section: str, wanted: list[Row], found: list[Row]) -> list[Row]:
    """Measures count in both directions for the series that the story names, levels for the
    measures and kinds of dimensions that it names; all else counts wholly."""
    if section == "measures":
        series = {(row["metric"], row["dims"]) for row in wanted}
        return [row for row in found if (row["metric"], row["dims"]) in series]
    if section == "levels":
        sets = {(row["metric"], tuple(json.loads(row["dims"]))) for row in wanted}
        return [row for row in found if (row["metric"], tuple(json.loads(row["dims"]))) in sets]
    return found


def report(differences: list[Difference], zh: bool) -> None:
    """Print expected against found, and every differing row."""
    head = ("项目", "预期", "实际", "") if zh else ("what", "expected", "found", "")
    print(f"{head[0]:15} {head[1]:>9} {head[2]:>9}")
    for d in differences:
        print(f"{d.section:15} {d.expected:9} {d.found:9}  {'=' if d.equal else '≠'}")
        for sign, rows in (("-", d.missing), ("+", d.unexpected)):
            for row in rows:
                print(f"    {sign} " + " ".join(f"{k}={v}" for k, v in row.items() if v))
    if any(not d.equal for d in differences):
        print("- 预期而未见, + 见而未预期" if zh else "- expected, not found; + found, not expected")
