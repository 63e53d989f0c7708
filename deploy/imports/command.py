"""`sharedchain import NAME DIR`: an export of another system becomes events of a tenant of its own.

Every event has a name made of its row, so a second import, or one after a kill, adds only what is not
there yet. All of it is backfill: facts and measures, and nobody is told.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.imports import folder
from deploy.imports.report import Report
from deploy.local.prepare import published
from sharedchain import canonical, config, dialects, flowcheck
from sharedchain.chain import ChainSync, Position, written
from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.cli.rows import Row
from sharedchain.dialect import Dialect, files
from sharedchain.dictionary import load_dictionaries
from sharedchain.display import Language
from sharedchain.errors import ConfigError, Refused
from sharedchain.events import ConfigDefined
from sharedchain.failpoint import failpoint
from sharedchain.kafka import producer
from sharedchain.outbox import Outbox
from sharedchain.schemas import Catalog
from sharedchain.translate import Told, Translator, Untold

_UNDER_WAY = 500  # events handed over and not answered for, at most
_HEARD = 250  # answers heard at a time, the oldest first: meanwhile the broker has the others
_PATIENCE = 600.0  # seconds for the chain to decide and store it all


def import_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="crm, or a file like schemas/imports/crm.yaml")],
    directory: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="the folder with the exported files; none: begin the tenant")
    ] = None,
    tenant: Annotated[str, typer.Option(help="whose events these become")] = "",
    check: Annotated[bool, typer.Option("--check", help="read and judge, send nothing, ask nobody")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Bring in an export as backfill: facts and measures, no notification. Exit 1 if rows were refused.

    Repeat it as often as you like: what is there already stays as it is.
    """
    if not tenant:
        raise typer.BadParameter("say whose events these become", param_hint="--tenant")
    translator = translator_of(name)
    if directory is None:
        with ChainSync(home=home, source=translator.dialect.source) as chain:
            _configure(chain, translator.dialect, tenant)
        return
    folder.check(directory, translator.dialect)
    translator = replace(translator, tables=folder.tables(directory, translator))
    report, begun = Report(), time.monotonic()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]} rows/s"),
        TimeElapsedColumn(), console=Console(stderr=True), disable=json or not sys.stderr.isatty(),
    ) as bar:  # fmt: skip
        total = folder.size(directory, translator.dialect)
        told = _followed(translated(translator, directory, report), report, bar, total)
        if check:
            for _ in told:
                pass
            report.read = time.monotonic() - begun
        else:
            send(ChainSync(home=home, source=translator.dialect.source), told, translator.dialect, tenant, report)
    report.memory = _peak()
    lang: Language = "zh" if language() == "zh" else "en"
    said = canonical.dumps(report.record()) if json else "\n".join(report.lines(lang, translator.dialect.zh))
    typer.echo(said)
    if report.refused:
        raise typer.Exit(1)


def _peak() -> float:
    """The most memory this process held, in MiB; where the system does not tell, what it holds now."""
    status = Path("/proc/self/status")
    held = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")] if status.exists() else []
    return int(held[0].split()[1]) / 1024 if held else psutil.Process().memory_info().rss / 2**20


def translator_of(name: str) -> Translator:
    """The translator of a dialect by its name or file. Raises ConfigError."""
    catalog, dictionaries = Catalog.load(), load_dictionaries()
    known = {path.stem: path for path in files()}
    path = known.get(name, Path(name))
    if not path.is_file():
        raise ConfigError([f"no dialect {name}: there is {', '.join(known)}; or name a file"])
    return dialects.translator(path, catalog, dictionaries, flowcheck.load(config.default_root(), dictionaries))


def translated(translator: Translator, directory: Path, report: Report) -> Iterator[Told]:
    """The events of every row, file by file; counted in the report."""
    for name, part in translator.dialect.parts.items():
        seen: dict[str, tuple[int, int]] = {}
        for row in folder.rows(directory, part):
            report.rows[part.file] += 1
            fault = row.fault or _twice(seen, str(translator.cell(part, row.fields, part.id)), row)
            found = Untold((fault,)) if fault else translator.translate(name, row.fields)
            if isinstance(found, Untold):
                report.untold(part.file, row.number, found.faults)
                continue
            report.notes.update(found.notes)
            report.events.update(told.kind.name for told in found.told)
            yield from found.told


def _twice(seen: dict[str, tuple[int, int]], id_: str, row: Row) -> Refused | None:
    """Why a row is refused that has the id of one before it; the very same row again is the chain's to drop."""
    content = hash(str(sorted(row.fields.items())))
    line, before = seen.setdefault(id_, (row.number, content))
    if before == content:
        return None
    told = f"{id_} stood in line {line} with other content: leave the one that holds"
    return Refused("conflict", told, "", id_)


def _followed(told: Iterator[Told], report: Report, bar: Progress, total: int) -> Iterator[Told]:
    task, begun = bar.add_task("import", total=total, rate="0"), time.monotonic()
    for one in told:
        yield one
        done = report.rows.total()
        if done % 100 == 0:
            bar.update(task, completed=done, rate=f"{done / (time.monotonic() - begun):,.0f}")
    bar.update(task, completed=report.rows.total(), total=report.rows.total())


def send(chain: ChainSync, told: Iterator[Told], dialect: Dialect, tenant: str, report: Report) -> None:
    """Publish it all and wait until it is decided and stored. Raises ConfigError, ConnectionFailed."""
    with chain:
        _configure(chain, dialect, tenant)
        begun = time.monotonic()
        outbox, waiting = Outbox(producer(chain.endpoints)), list[Future[Position]]()
        try:
            for one in told:
                said = {"tenant": tenant, "backfill": True, "time": one.time}
                waiting.append(
                    outbox.send(written(chain.codec, one.kind, one.data, source=dialect.source, id=one.id, **said))
                )
                if len(waiting) >= _UNDER_WAY:
                    waiting = _hear(waiting)
            while waiting:
                waiting = _hear(waiting)
        finally:
            outbox.close()
        report.published = time.monotonic() - begun
        chain.settle(_PATIENCE)
        report.settled = time.monotonic() - begun - report.published


def _configure(chain: ChainSync, dialect: Dialect, tenant: str) -> None:
    """A tenant that nobody knows begins with the dialect's settings; one that is known must have its flow."""
    item = config.item("tenant", tenant, {"mode": "wall", **dialect.tenant.model_dump(mode="json")})
    known = published(chain.endpoints, chain.codec).get(("tenant", tenant))
    if known == item.hash:
        return
    if known is not None:
        told = f"tenant {tenant} has settings of its own: import {dialect.id} into a tenant that has none"
        raise ConfigError([told])
    event = ConfigDefined(**item.said, changed_by="import")
    chain.publish(event, tenant="_system")
    chain.settle(_PATIENCE)


def _hear(waiting: list[Future[Position]]) -> list[Future[Position]]:
    """Wait for the oldest; what is still under way."""
    for answer in waiting[:_HEARD]:
        answer.result()
    failpoint("import.after_batch")
    return waiting[_HEARD:]
