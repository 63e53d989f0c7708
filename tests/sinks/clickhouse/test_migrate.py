"""Migrations only go forwards, and say clearly when somebody went back."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharedchain.errors import ConfigError
from sinks.clickhouse.migrate import Migration, read_migrations, to_apply
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
