"""`sharedchain rebuild`: throw away what is derived (tables, caches) and make it again from the log.

The sinks fill the tables from the topics, because the new store's epoch is not that of its positions. What topics hold
no more (retention, compaction) the core derives again from the spine. Nobody is told anything: what was told is known
by positions and records in Kafka, which stay.
"""

from __future__ import annotations

import json as json_
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from confluent_kafka import TopicPartition
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local import release, state
from deploy.local.plan import ALL, TELEMETRY
from deploy.local.stack import Stack
from deploy.local.supervisor import claim
from deploy.minutes import compare_minutes
from deploy.replay import Verdict, compare_stores, refold
from sharedchain import canonical
from sharedchain.barrier import CLICKHOUSE, ENGINE, settle
from sharedchain.cli.options import Home, Json
from sharedchain.endpoints import ClickHouse, Endpoints, default_home
from sharedchain.errors import ConfigError
from sharedchain.kafka import quiet_consumer
from sharedchain.lag import Follower
from sharedchain.scope import PARTITIONS, SPINE
from sinks.clickhouse.rows import ALERTS, FACTS, METRIC_MINUTE
from sinks.clickhouse.store import connect

_PATIENCE = 3600.0  # seconds for the sink to read the whole log
_SCRATCH = "sharedchain_rebuild"
_NTH = {FACTS: "n", METRIC_MINUTE: "nth", ALERTS: "n"}  # with partition and seq, the name of a row


def rebuild(home: Home = None, json: Json = False) -> None:
    """Make the tables and caches of a home anew from its log, running or not. Exit 1 if they are not what it says."""
    place, begun = (home or default_home()).resolve(), time.monotonic()
    if not (place / "kafka" / "data").is_dir():
        raise ConfigError([f"{place} holds no log: there is nothing to rebuild from; name a home with --home"])
    with emptied(place) as endpoints:
        upto = decided(endpoints)
        filled(endpoints, quiet=json)
        settle(endpoints, _PATIENCE)
        records, added = complete(endpoints, upto)
        verdicts = [*compare_stores(endpoints.clickhouse, _SCRATCH, upto), *compare_minutes(endpoints)]
        _drop(endpoints.clickhouse)
    said: dict[str, Any] = {
        "records": records,
        "seconds": round(time.monotonic() - begun, 1),
        "tables": [_row(v, added.get(v.table, 0)) for v in verdicts],
    }
    typer.echo(canonical.dumps(said) if json else "\n".join(_lines(said, verdicts)))
    raise typer.Exit(0 if all(v.equal for v in verdicts) else 1)


@contextmanager
def emptied(home: Path) -> Iterator[Endpoints]:
    """The chain of `home` running, its tables and caches empty; as it was, running or not, afterwards."""
    now = state.load(home)
    if now is not None and now.alive():
        _own(home)
        _empty_running(home, [p.name for p in now.parts])
        yield Endpoints.load(home)
        return
    lanes, parts = _own(home)
    (home / "run").mkdir(mode=0o700, exist_ok=True)
    lock = claim(home)
    if lock is None:
        raise ConfigError([f"{home} is being started: wait for it, then try again"])
    with lock:
        state.kill_leftovers(home)
        forget(home)
    with Stack(home, parts=parts, ingests=lanes) as endpoints:
        yield endpoints


def _empty_running(home: Path, names: Sequence[str]) -> None:
    """Ingest, engine and sink rest while their folders go; the order of the start is that of their needs."""
    stack = Stack(home)
    resting = [n for n in names if n.partition("-")[0] in ("clickhouse", "ingest", "engine", "sink", "minutes")]
    try:
        for name in reversed(resting):
            stack.stop(name)
        forget(home)
    finally:
        for name in resting:
            stack.start(name)


def forget(home: Path) -> None:
    """Delete what is derived; the log, positions and secrets stay."""
    for folder in (home / "clickhouse", home / "ingest", *home.glob("engine-*")):
        shutil.rmtree(folder, ignore_errors=True)
    release.forget_tables(home)


def decided(endpoints: Endpoints) -> list[int]:
    """The last `seq` that the engine has decided, by spine partition."""
    reader = quiet_consumer(endpoints, ENGINE)
    try:
        places = [TopicPartition(SPINE, p) for p in range(PARTITIONS)]
        found = {p.partition: p for p in reader.committed(places, timeout=30)}
    finally:
        reader.close()
    return [
        int(json_.loads(found[p].metadata or "{}").get("seq", 0)) if found[p].offset >= 0 else 0
        for p in range(PARTITIONS)
    ]


def filled(endpoints: Endpoints, *, quiet: bool = True) -> None:
    """Watch the sink until it is at the end of the log."""
    follower = Follower(endpoints, CLICKHOUSE, wait=10.0)
    columns = (TextColumn("rebuild"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]} records/s"))
    console, begun = Console(stderr=True), time.monotonic()
    bar = Progress(*columns, TimeElapsedColumn(), console=console, disable=quiet, transient=not sys.stderr.isatty())
    try:
        with bar:
            task = bar.add_task("rebuild", rate="0")
            while time.monotonic() - begun < _PATIENCE:
                at = follower.positions()
                done = sum(p.committed for p in at)
                rate = f"{done / (time.monotonic() - begun):,.0f}"
                bar.update(task, completed=done, total=sum(p.end for p in at), rate=rate)
                if not any(p.lag for p in at):
                    return
                time.sleep(0.2)
    finally:
        follower.close()


def complete(endpoints: Endpoints, upto: Sequence[int]) -> tuple[int, dict[str, int]]:
    """Derive everything again from the spine and add the rows, decided by `upto`, that no topic holds any more.

    The records folded, and how many rows each table gained. The chain must have settled since `upto` was asked.
    """
    records, added = refold(endpoints, _SCRATCH), dict[str, int]()
    with connect(endpoints.clickhouse) as client:
        for table, nth in _NTH.items():
            columns, name = ", ".join(table.columns), f"partition, seq, {nth}"
            lacking = (
                f"FROM {_SCRATCH}.{table.name} WHERE seq <= {list(upto)}[partition + 1] "
                f"AND ({name}) NOT IN (SELECT {name} FROM {endpoints.clickhouse.database}.{table.name})"
            )
            added[table.name] = int(str(client.command(f"SELECT count() {lacking}")))
            if added[table.name]:
                client.command(f"INSERT INTO {table.name} ({columns}) SELECT {columns} {lacking}")
    return records, added


def _drop(where: ClickHouse) -> None:
    with connect(where) as client:
        client.command("DROP DATABASE IF EXISTS {d:Identifier} SYNC", {"d": _SCRATCH})


def _own(home: Path) -> tuple[int, tuple[str, ...]]:
    """The lanes and parts of a home that runs every part itself. Raises ConfigError for one connected to parts of
    others: started without them its positions would become those of other tables, and theirs be filled a second time.
    """
    if not (home / "endpoints.json").exists():
        return 1, ALL
    endpoints = Endpoints.load(home)
    if theirs := [part for part in endpoints.connected if part != "notify"]:
        raise ConfigError(
            [
                f"{home} is connected to {', '.join(theirs)} of others: what is rebuilt must be its own; "
                "tables on their ClickHouse: drop the database there and restart the sink"
            ]
        )
    return endpoints.lanes, (*ALL, *TELEMETRY) if endpoints.telemetry else ALL


def _row(v: Verdict, again: int) -> dict[str, Any]:
    return {"table": v.table, "rows": v.live, "derived_again": again, "equal": v.equal}


def _lines(said: dict[str, Any], verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield f"{said['records']} records of the spine, {said['seconds']} s"
    for row, v in zip(said["tables"], verdicts, strict=True):
        yield (
            f"{v.table:14} {v.live:8} rows, {row['derived_again']} of them derived again {'=' if v.equal else '≠'}"
            + ("" if v.equal else f"  only in the tables {v.only_live}, only derived again {v.only_replayed}")
        )
