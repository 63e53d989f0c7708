"""What `backtest`, `diff` and `whatif` have in common at the command line: which facts, from when to when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy.backtest import series, source, spool
from sharedchain.codec import Codec
from sharedchain.configlog import ConfigLog
from sharedchain.core.localtime import local_text
from sharedchain.core.settings import DEFAULT, Settings
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConfigError
from sharedchain.fact import Fact
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog

From = Annotated[str, typer.Option("--from", help="from this local day or moment")]
To = Annotated[str, typer.Option("--to", help="to before this local day or moment")]
Tenant = Annotated[str, typer.Option("--tenant", help="one company only (default: all)")]
Root = Annotated[Path | None, typer.Option("--root", help="the folder that holds rules/ (default: our own)")]
Facts = Annotated[
    str,
    typer.Option(
        "--facts",
        help="where they are read: `log`, `store` (ClickHouse; ticks are made), a file of facts, or a CSV of readings",
    ),
]
EVERY = 1000  # facts between two looks of the progress line


@dataclass(frozen=True, slots=True)
class Material:
    """Facts to fold, as often as one asks; `clock`: they lack ticks."""

    read: source.Source
    clock: bool = False


def material(facts: str, home: Path | None, tenant: str) -> Material:
    """What `--facts` names. Raises ConfigError for a file that is not there."""
    match facts:
        case "log":
            return Material(source.known(source.of_log(Endpoints.load(home), tenant), tenant))
        case "store":
            return Material(source.known(source.of_store(Endpoints.load(home), tenant), tenant), clock=True)
    if not Path(facts).is_file():
        raise ConfigError([f"{facts}: no such file of facts; say `log`, `store` or a file that holds one fact a line"])
    if facts.endswith(".csv"):
        return Material(lambda: series.read(Path(facts)), clock=True)
    return Material(source.known(lambda: source.about(spool.read(Path(facts)), tenant), tenant))


def zone_of(facts: str, home: Path | None, tenant: str) -> str:
    """The zone in which moments are read: that of the one company that is asked about, else the default."""
    if not tenant or facts not in ("log", "store"):
        return DEFAULT.timezone
    endpoints = Endpoints.load(home)
    log = ConfigLog.read(endpoints, Codec(Registry.of(endpoints), Catalog.load()))
    return _zone(log.items["tenant", tenant].body) if ("tenant", tenant) in log.items else DEFAULT.timezone


def _zone(body: str) -> str:
    """The zone that the settings of a tenant name."""
    try:
        return Settings.model_validate_json(body).timezone
    except ValueError:  # withdrawn, or not of ours
        return DEFAULT.timezone


def moment(text: str, default: int, zone: str = DEFAULT.timezone) -> int:
    """Milliseconds of a day or moment; without an offset it is local time of `zone`."""
    if not text:
        return default
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError([f"{text!r} is no day or moment, as 2026-05-01 or 2026-05-01T08:00"]) from None
    return round((at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).timestamp() * 1000)


class Counter:
    """Counts the facts that pass and remembers how far each scope's time went; a line on stderr tells people."""

    def __init__(self, facts: Iterator[Fact], *, quiet: bool = False) -> None:
        self._facts, self._quiet = facts, quiet
        self.facts = 0
        self._ends: dict[str, int] = {}
        self._driven: set[str] = set()
        self._zones: dict[str, str] = {}

    def __iter__(self) -> Iterator[Fact]:
        columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f}"), TextColumn("{task.fields[at]}"))
        console = Console(stderr=True)
        quiet = self._quiet or not console.is_terminal
        with Progress(*columns, TimeElapsedColumn(), console=console, disable=quiet, transient=True) as bar:
            task = bar.add_task("", total=None, at="")
            for fact in self._facts:
                self._see(fact)
                if not quiet and self.facts % EVERY == 0:
                    bar.update(task, completed=self.facts, at=local_text(fact.recorded, self.zone(fact.scope))[:10])
                yield fact

    def _see(self, fact: Fact) -> None:
        self.facts += 1
        self._ends[fact.scope] = max(self._ends.get(fact.scope, 0), fact.recorded)
        if fact.kind == "tick" and fact.scope:
            self._driven.add(fact.scope)
        if fact.kind == "config" and fact.data["kind"] == "tenant":
            self._zones[fact.data["name"]] = _zone(fact.data["body"])

    def end(self, scope: str) -> int:
        """How far time went in a scope, ms."""
        own = self._ends.get(scope, 0)
        return own if scope in self._driven else max(own, self._ends.get("", 0))

    def zone(self, scope: str) -> str:
        """The zone in which a company reads its times, as far as the log has said it."""
        return self._zones.get(scope, DEFAULT.timezone)
