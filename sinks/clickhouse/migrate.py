"""Numbered SQL migrations, forwards only, each one statement that may be run twice.

The table `migrations` remembers number, name and checksum. A file that was changed after it had been
applied is refused: write the next number instead. On a cluster the same files run as `replicated.py` rewrites them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from sharedchain.endpoints import ClickHouse
from sharedchain.errors import ConfigError, ConnectionFailed
from sinks.clickhouse import epoch
from sinks.clickhouse.replicated import create_database, replicated
from sinks.clickhouse.store import connect, first_line

FOLDER = Path(__file__).parent / "migrations"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_REMEMBER = """CREATE TABLE IF NOT EXISTS migrations
(
    number UInt32 COMMENT 'order', name String COMMENT 'file', checksum String COMMENT 'SHA-256 of the file',
    applied DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'wall clock'
)
ENGINE = MergeTree ORDER BY number SETTINGS non_replicated_deduplication_window = 10000"""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """The files NNNN_verb_thing.sql in order. Raises ConfigError for a wrong name or a gap in the numbers."""
    findings: list[str] = []
    found: list[Migration] = []
    for file in sorted(folder.glob("*.sql")):
        if match := _NAME.fullmatch(file.name):
            found.append(Migration(int(match[1]), file.name, file.read_text(encoding="utf-8")))
        else:
            findings.append(f"{file}: not NNNN_verb_thing.sql; rename it")
    if [m.number for m in found] != list(range(1, len(found) + 1)):
        findings.append(f"{folder}: numbers {[m.number for m in found]} are not 1, 2, 3, …; renumber the newest")
    if findings:
        raise ConfigError(findings)
    return found


def to_apply(known: Mapping[int, tuple[str, str]], files: Iterable[Migration]) -> list[Migration]:
    """What is still to run; `known`: number → (name, checksum) as remembered.

    Raises ConfigError naming every file that was changed after it was applied, or is gone.
    """
    files = list(files)
    here = {m.number: m for m in files}
    findings = [
        f"{m.name}: was changed after it had been applied; restore it and write the change as a new number"
        for m in files
        if m.number in known and known[m.number][1] != m.checksum
    ]
    findings += [
        f"{name}: was applied but is not in this release; deploy the newer release"
        for number, (name, _) in known.items()
        if number not in here
    ]
    if findings:
        raise ConfigError(findings)
    return [m for m in files if m.number not in known]


def migrate(where: ClickHouse, folder: Path = FOLDER) -> list[str]:
    """Create the database `where.database` and bring it up to date; the names that were applied now.

    Where nothing is to be done, nothing but rights to read `migrations` is needed: a sink may have no others.
    Raises ConfigError (see `to_apply`), ConnectionFailed.
    """
    files = read_migrations(folder)
    try:
        with connect(where, database="default") as bare:
            known = _known(bare, where.database)
            pending = to_apply(known, files)
            if not pending:
                return []
            bare.command(_database(where))
        with connect(where) as client:
            as_run = replicated if where.cluster else str
            client.command(as_run(epoch.CREATE))
            epoch.claim(client, fresh=not known)
            return _apply(client, pending, as_run)
    except (ClickHouseError, OSError) as error:
        raise ConnectionFailed(f"ClickHouse at {where.url}: migration failed: {first_line(error)}") from error


def _database(where: ClickHouse) -> str:
    if where.cluster:
        return create_database(where.database, where.cluster)
    return f"CREATE DATABASE IF NOT EXISTS {quote_identifier(where.database)}"


def _known(client: Client, database: str) -> dict[int, tuple[str, str]]:
    there = "SELECT count() FROM system.tables WHERE database = {database:String} AND name = 'migrations'"
    ((tables,),) = client.query(there, {"database": database}).result_rows
    if not tables:
        return {}
    rows = client.query(
        "SELECT number, name, checksum FROM {database:Identifier}.migrations", {"database": database}
    ).result_rows
    return {number: (name, checksum) for number, name, checksum in rows}


def _apply(client: Client, pending: list[Migration], as_run: Callable[[str], str]) -> list[str]:
    client.command(as_run(_REMEMBER))
    for migration in pending:
        client.command(as_run(migration.sql))
        client.insert(
            "migrations",
            [[migration.number, migration.name, migration.checksum]],
            ["number", "name", "checksum"],
            settings={"insert_deduplication_token": f"migration:{migration.number}:{migration.checksum}"},
        )
    return [migration.name for migration in pending]
