"""Migrations only go forwards, and say clearly when somebody went back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from sharedchain.endpoints import ClickHouse
from sharedchain.errors import ConfigError
from sinks.batch import FIRST_EPOCH
from sinks.clickhouse.migrate import Migration, migrate, read_migrations, to_apply
from sinks.clickhouse.rows import TABLES

ONE, TWO = Migration(1, "0001_create_a.sql", "CREATE a"), Migration(2, "0002_create_b.sql", "CREATE b")


def known(*migrations: Migration) -> dict[int, tuple[str, str]]:
    return {m.number: (m.name, m.checksum) for m in migrations}


def test_only_new_numbers_run_and_in_order() -> None:
    assert to_apply({}, [ONE, TWO]) == [ONE, TWO]
    assert to_apply(known(ONE), [ONE, TWO]) == [TWO]
    assert to_apply(known(ONE, TWO), [ONE, TWO]) == []


def test_a_changed_file_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"0001_create_a\.sql: was changed after"):
        to_apply(known(ONE), [Migration(1, ONE.name, "CREATE other"), TWO])


def test_a_database_of_a_newer_release_is_refused() -> None:
    with pytest.raises(ConfigError, match="deploy the newer release"):
        to_apply(known(ONE, TWO), [ONE])


def test_all_findings_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "0002_create_b.sql").write_text("x")
    (tmp_path / "later.sql").write_text("x")
    with pytest.raises(ConfigError) as told:
        read_migrations(tmp_path)
    assert len(told.value.findings) == 2


def test_every_table_of_the_rows_has_a_migration_with_its_columns_and_window() -> None:
    files = {m.name: m.sql for m in read_migrations()}
    for table in TABLES.values():
        (sql,) = [text for name, text in files.items() if name.endswith(f"create_{table.name}.sql")]
        told = [line.split()[0] for line in sql.splitlines() if " COMMENT '" in line and line.startswith("    ")]
        assert told == list(table.columns)
        assert "non_replicated_deduplication_window = 10000" in sql


class Recorder:
    """A server that keeps what is inserted, and every statement that changes something."""

    def __init__(self) -> None:
        self.rows: list[Sequence[Any]] = []
        self.epochs: list[Sequence[Any]] = []
        self.said: list[str] = []

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None: ...

    def query(self, sql: str, parameters: Any = None) -> Any:
        if "FROM store" in sql:
            return SimpleNamespace(result_rows=self.epochs)
        return SimpleNamespace(result_rows=[[len(self.rows)]] if "count()" in sql else self.rows)

    def command(self, sql: str) -> None:
        self.said.append(sql)

    def insert(self, table: str, rows: list[Sequence[Any]], columns: list[str], **_: Any) -> None:
        {"migrations": self.rows, "store": self.epochs}[table].extend(rows)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr("sinks.clickhouse.migrate.connect", lambda where, database=None: recorder)
    return recorder


def place(cluster: str | None = None) -> ClickHouse:
    return ClickHouse(url="http://127.0.0.1:1", user="x", password=SecretStr("x"), cluster=cluster)


@pytest.mark.parametrize("cluster", [None, "main"])
def test_who_finds_everything_applied_changes_nothing(server: Recorder, cluster: str | None) -> None:
    assert migrate(place(cluster)) == [m.name for m in read_migrations()]
    server.said.clear()
    assert migrate(place(cluster)) == []
    assert server.said == []


def test_a_new_store_draws_an_epoch_and_an_old_one_keeps_the_first(server: Recorder) -> None:
    migrate(place())
    ((drawn,),) = server.epochs
    assert drawn > FIRST_EPOCH
    server.rows.pop()
    server.epochs.clear()
    assert migrate(place()) == [read_migrations()[-1].name]
    assert server.epochs == [[FIRST_EPOCH]]


def test_on_a_cluster_every_table_is_replicated_and_the_history_is_that_of_the_files(server: Recorder) -> None:
    migrate(place("main"))
    database, *tables = server.said
    assert database.startswith("CREATE DATABASE IF NOT EXISTS sharedchain ON CLUSTER main ENGINE = Replicated(")
    assert [sql for sql in tables if "ENGINE = MergeTree" in sql or "non_replicated" in sql] == []
    assert sum("ENGINE = ReplicatedMergeTree" in sql for sql in tables) == len(TABLES) + len(("migrations", "store"))
    assert sum("ENGINE = ReplicatedAggregatingMergeTree" in sql for sql in tables) == len(("telemetry_partial",))
    assert [tuple(row) for row in server.rows] == [(m.number, m.name, m.checksum) for m in read_migrations()]
