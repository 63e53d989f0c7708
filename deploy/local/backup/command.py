"""`sharedchain backup TO` and `sharedchain restore FILE`."""

from __future__ import annotations

import json as json_
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from confluent_kafka import KafkaException
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn, TransferSpeedColumn

from deploy.local import state
from deploy.local.backup.anew import anew, of_the_spine
from deploy.local.backup.archive import Manifest, Partition, Tell, unpack, writing
from deploy.local.backup.cut import cut
from sharedchain import canonical
from sharedchain.cli import language
from sharedchain.cli.options import Home, Json
from sharedchain.endpoints import Endpoints, default_home
from sharedchain.errors import ConfigError, ConnectionFailed
from sharedchain.failpoint import failpoint
from sharedchain.kafka import quiet_admin
from sharedchain.lag import ends_of

_WAIT = 10.0  # seconds for the broker to tell its ends


def backup(
    to: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="a new file, or a folder to put one into")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Save a home, running or not: the log, all positions, the schemas, the secrets.

    Everything acknowledged before the command began is in it. It stands there whole, or not at all.
    """
    place, begun = (home or default_home()).resolve(), time.monotonic()
    made = datetime.now(UTC)
    file = to / f"sharedchain-{made:%Y%m%dT%H%M%SZ}.tar.lz4" if to.is_dir() else to
    if file.exists():
        raise ConfigError([f"{file} exists already: name another file"])
    manifest = save(place, file, made, quiet=json)
    seconds = time.monotonic() - begun
    said = _record(file, manifest) | {
        "seconds": round(seconds, 2),
        "rows_per_second": round(manifest.records / seconds),
    }
    typer.echo(canonical.dumps(said) if json else _line("saved", said))


def save(home: Path, file: Path, made: datetime, *, quiet: bool = True) -> Manifest:
    """The backup itself. Raises ConfigError, ConnectionFailed; then there is no file."""
    promised = acknowledged(home)
    with cut(home) as now, _bar("backup", now.bytes, quiet) as tell, writing(file, tell) as archive:
        archive.add(now.pieces)
        lacking = missing(promised, archive.partitions)
        if lacking:
            raise ConnectionFailed(f"{home}: the cut lacks acknowledged records of {', '.join(lacking[:5])}: a defect")
        failpoint("backup.before_manifest")
        return archive.finish(
            release=version("sharedchain"),
            made=f"{made:%Y-%m-%dT%H:%M:%SZ}",
            lanes=Endpoints.load(home).lanes,
            frozen_ms=round(now.frozen * 1000, 1),
        )


def acknowledged(home: Path) -> dict[str, int]:
    """`topic-number` → the end of the log as the running broker tells it; empty where none runs."""
    now = state.load(home)
    if now is None or not now.alive():
        return {}
    client = quiet_admin(Endpoints.load(home), _WAIT)
    try:
        known = client.list_topics(timeout=_WAIT).topics
        ends = ends_of(client, ((t, p) for t, found in known.items() for p in found.partitions), _WAIT)
    except (KafkaException, TimeoutError) as error:
        raise ConnectionFailed(
            f"the Kafka of {home} does not tell its ends: {error}; see `sharedchain status`"
        ) from error
    return {f"{topic}-{partition}": end for (topic, partition), end in ends.items()}


def missing(promised: dict[str, int], kept: dict[str, Partition]) -> list[str]:
    """Partitions of which not everything promised is kept."""
    return [name for name, end in sorted(promised.items()) if end > (kept[name].end if name in kept else 0)]


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="what `sharedchain backup` wrote")],
    home: Home = None,
    spine_only: Annotated[bool, typer.Option("--spine-only", help="take the spine alone, make all else of it")] = False,
    json: Json = False,
) -> None:
    """Make a home of a backup: a new or empty folder. Start it with `sharedchain up`; it goes on where the cut was.

    Never let the original and the restored one both run and send: people would be told twice.
    """
    place, begun = (home or default_home()).resolve(), time.monotonic()
    manifest = bring_back(file, place, quiet=json, wanted=of_the_spine if spine_only else bool)
    if spine_only:
        with anew(place, manifest.lanes):
            pass  # all that follows from the spine is there
    seconds = time.monotonic() - begun
    said = _record(file, manifest) | {"home": str(place), "seconds": round(seconds, 2), "drop": _ahead(place)}
    typer.echo(
        canonical.dumps(said) if json else _line("restored", said) + (_line("drop", said) if said["drop"] else "")
    )


def _ahead(home: Path) -> str:
    """The database of others that knows what came after the cut, and would take what comes now for that; "" if none.
    Emptied, it is another store and fills itself."""
    ends = Endpoints.load(home)
    return f"{ends.clickhouse.url} {ends.clickhouse.database}" if "clickhouse" in ends.connected else ""


def bring_back(file: Path, home: Path, *, quiet: bool = True, wanted: Callable[[str], bool] = bool) -> Manifest:
    """Unpack beside `home`, see that all is right, then put it there. Raises ConfigError; then nothing is changed."""
    if not file.is_file():
        raise ConfigError([f"{file}: there is no such file"])
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise ConfigError([f"{home} is not empty: name a folder that is new or empty with --home"])
    home.parent.mkdir(parents=True, exist_ok=True)
    fresh = home.with_name(f".{home.name}.restoring-{secrets.token_hex(4)}")
    fresh.mkdir(mode=0o700)
    try:
        with _bar("restore", None, quiet) as tell:
            manifest = unpack(file, fresh, tell, wanted)
        _move(fresh / "endpoints.json", home)
        failpoint("backup.before_home")
        if home.exists():
            home.rmdir()
        fresh.rename(home)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return manifest


def _move(endpoints: Path, home: Path) -> None:
    """The addresses name their home; ports are found anew at the start."""
    said = json_.loads(endpoints.read_text())
    endpoints.write_text(json_.dumps(said | {"home": str(home)}, indent=2) + "\n")


def _record(file: Path, manifest: Manifest) -> dict[str, Any]:
    return {
        "file": str(file), "size": file.stat().st_size, "bytes": manifest.bytes, "records": manifest.records,
        "partitions": len(manifest.partitions), "made": manifest.made, "lanes": manifest.lanes,
        "frozen_ms": manifest.frozen_ms, "release": manifest.release,
    }  # fmt: skip


_LINES = {
    ("saved", "zh"): "{records} 条记录、{mib:.1f} MiB 已备份到 {file}（{size_mib:.1f} MiB），{seconds} 秒，"
    "{rows_per_second} 条/秒；Kafka 停顿 {frozen_ms} 毫秒",
    ("saved", "en"): "{records} records, {mib:.1f} MiB saved in {file} ({size_mib:.1f} MiB) in {seconds} s, "
    "{rows_per_second} records/s; Kafka stood still for {frozen_ms} ms",
    ("restored", "zh"): "{made} 的 {records} 条记录已恢复到 {home}，{seconds} 秒。"
    "启动：sharedchain up --home {home}{lane}\n"
    "切勿让原链与恢复的链同时运行并对外发送。",
    ("restored", "en"): "{records} records of {made} restored to {home} in {seconds} s. "
    "Start: sharedchain up --home {home}{lane}\nNever let the original and this one both run and send.",
    ("drop", "zh"): "\n先删除数据库 {drop}:其中有备份之后的行,新的行会被当作它们;删除后由日志重填。",
    ("drop", "en"): "\nDrop this database first: {drop}. It holds rows from after the backup, and new ones would be "
    "taken for those; once dropped it is filled from the log.",
}  # fmt: skip


def _line(what: str, said: dict[str, Any]) -> str:
    lane = f" --ingests {said['lanes']}" if said["lanes"] > 1 else ""
    tongue = "zh" if language() == "zh" else "en"
    return _LINES[what, tongue].format(**said, mib=said["bytes"] / 2**20, size_mib=said["size"] / 2**20, lane=lane)


@contextmanager
def _bar(what: str, total: int | None, quiet: bool) -> Iterator[Tell]:
    console = Console(stderr=True)
    columns = (
        TextColumn(what),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[rows]}"),
    )
    with Progress(
        *columns, TimeElapsedColumn(), console=console, disable=quiet, transient=not sys.stderr.isatty()
    ) as bar:
        task, begun = bar.add_task(what, total=total, rows=""), time.monotonic()

        def tell(done: int, records: int) -> None:
            rate = records / max(time.monotonic() - begun, 0.001)
            bar.update(task, completed=done, rows=f"{rate:,.0f} records/s" if records else "")

        yield tell
