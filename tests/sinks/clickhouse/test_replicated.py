"""What a cluster runs is the numbered files themselves, with another engine and the window that goes with it."""

from __future__ import annotations

import difflib

import pytest

from sharedchain.errors import ConfigError
from sinks.clickhouse import epoch
from sinks.clickhouse.migrate import _REMEMBER, read_migrations
from sinks.clickhouse.replicated import create_database, replicated

TABLES = {m.name: m.sql for m in read_migrations() if "ENGINE" in m.sql} | {
    "migrations": _REMEMBER,
    "store": epoch.CREATE,
}
VIEWS = {m.name: m.sql for m in read_migrations() if "ENGINE" not in m.sql}


@pytest.mark.parametrize("name", TABLES)
def test_only_the_engine_and_the_window_change(name: str) -> None:
    before, after = TABLES[name].replace(" SETTINGS", "\nSETTINGS"), replicated(TABLES[name])
    changed = [
        line[2:]
        for line in difflib.ndiff(before.splitlines(), after.replace(" SETTINGS", "\nSETTINGS").splitlines())
        if line[0] == "+"
    ]
    assert [line.split(" ORDER BY")[0] for line in changed] == [
        next(line for line in changed if "= Replicated" in line).split(" ORDER BY")[0],
        "SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 315360000",
    ]
    assert "non_replicated" not in after


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_stays_as_it_is(name: str) -> None:
    assert replicated(VIEWS[name]) == VIEWS[name]


def test_a_table_that_would_take_a_batch_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="twice"):
        replicated("CREATE TABLE t (x Int) ENGINE = MergeTree ORDER BY x")


@pytest.mark.parametrize("engine", ["Memory", "Log", "ReplicatedMergeTree('/a', 'b')"])
def test_an_engine_without_a_replicated_form_is_refused(engine: str) -> None:
    with pytest.raises(ConfigError, match=r"Memory|Log|Replicated"):
        replicated(f"CREATE TABLE t (x Int) ENGINE = {engine} SETTINGS non_replicated_deduplication_window = 1")


def test_other_engines_of_the_family_keep_their_kind_and_arguments() -> None:
    sql = "CREATE TABLE t (x Int) ENGINE = ReplacingMergeTree(x) SETTINGS non_replicated_deduplication_window = 7"
    assert "ENGINE = ReplicatedReplacingMergeTree(x)" in replicated(sql)
    assert " replicated_deduplication_window = 7," in replicated(sql)


def test_the_database_is_named_with_plain_words_only() -> None:
    assert "ON CLUSTER c ENGINE = Replicated('/clickhouse/databases/d', '{shard}', '{replica}')" in create_database(
        "d", "c"
    )
    for name, cluster in (("d; DROP", "c"), ("d", "c' ")):
        with pytest.raises(ConfigError, match="cannot name"):
            create_database(name, cluster)
