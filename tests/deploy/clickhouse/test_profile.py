"""The server profile, as the real engine reads it; the migrations of a cluster; who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sharedchain.endpoints import Cold
from sharedchain.rulecheck import load as rules
from sinks.clickhouse.cold import statements
from sinks.clickhouse.epoch import CREATE, FILLED
from sinks.clickhouse.migrate import _REMEMBER, read_migrations
from sinks.clickhouse.recount import sayable, statement
from sinks.clickhouse.replicated import create_database, replicated
from sinks.clickhouse.rows import TABLES
from sinks.clickhouse.sides import TABLES as STORED
from sinks.telemetry.sink import TABLE
from tests.deploy.clickhouse.borrowed import ask
from tests.deploy.test_grafana import PANELS, expanded

pytestmark = pytest.mark.slow  # an engine of its own a test: 1 to 3 s each

PARTIAL = TABLE.name
HERE = "CREATE DATABASE IF NOT EXISTS sharedchain"
PLAIN = [_REMEMBER, CREATE, *(m.sql for m in read_migrations())]
_WINDOWS = """SELECT name, value FROM system.replicated_merge_tree_settings
WHERE changed AND name LIKE 'replicated_deduplication%' ORDER BY name"""
_COLUMNS = "SELECT table, name, type, comment FROM system.columns WHERE database = '{}' ORDER BY table, position"


def in_database(statements: list[str], name: str = "sharedchain") -> list[str]:
    return [f"USE {name}", *statements]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the owner of the tables, with his rights alone, applied everything."""
    folder = tmp_path_factory.mktemp("profile")
    assert refused(ask(folder, [HERE, *in_database(PLAIN)], "sharedchain_prepare")) == []
    return folder


def test_old_minutes_lie_on_the_cold_disk(tmp_path: Path) -> None:
    """Told by who prepares, once; the sink's inserts go where they belong, and nothing is lost."""
    told = statements(f"sharedchain.{PARTIAL}", "", Cold())
    rows = "'k', 'E', 'p', 'm', now64(3) - INTERVAL {} DAY, 1, 1, 0, 5, 5, 5, (0, 0, 0, 0, 5)"
    inserts = [f"INSERT INTO sharedchain.{PARTIAL} SELECT {rows.format(days)}" for days in (89, 500)]
    assert refused(ask(tmp_path, [HERE, *in_database(PLAIN), *told, *inserts], "sharedchain_prepare")) == []
    disks, now, minutes = ask(
        tmp_path,
        [
            f"SELECT minute < now() - INTERVAL 90 DAY, disk_name FROM sharedchain.{PARTIAL} AS t "
            f"JOIN (SELECT * FROM system.parts WHERE active AND table = '{PARTIAL}') AS p ON p.name = t._part "
            "ORDER BY minute DESC",
            f"SELECT engine_full FROM system.tables WHERE name = '{PARTIAL}'",
            "SELECT count() FROM sharedchain.telemetry_minute",
        ],
    )
    assert disks == [[0, "default"], [1, "cold"]]
    assert statements(PARTIAL, now[0][0], Cold()) == []
    assert len(statements(PARTIAL, now[0][0], Cold(days=30))) == 1
    assert minutes == [[2]]


def refused(answers: list[Any]) -> list[str]:
    return [answer for answer in answers if isinstance(answer, str)]


def test_the_files_are_read_whole(tmp_path: Path) -> None:
    macros, nodes, windows, users, parsed = ask(
        tmp_path,
        [
            "SELECT macro, substitution FROM system.macros ORDER BY macro",
            "SELECT cluster, shard_num, host_name FROM system.clusters ORDER BY host_name",
            _WINDOWS,
            "SELECT name FROM system.users ORDER BY name",
            f"SELECT formatQuery($q${create_database('sharedchain', 'sharedchain')}$q$)",
        ],
    )
    assert macros == [["replica", "clickhouse-0"], ["shard", "01"]]
    assert nodes == [["sharedchain", 1, f"clickhouse-{n}.clickhouse"] for n in range(3)]
    assert windows == [
        ["replicated_deduplication_window", "10000"],
        ["replicated_deduplication_window_seconds", "315360000"],
    ]
    assert [name for (name,) in users] == [
        "default",
        *sorted(f"sharedchain_{n}" for n in ("gateway", "grafana", "prepare", "sink")),
    ]
    assert "ON CLUSTER sharedchain" in parsed[0][0]


def test_a_cluster_gets_the_same_tables_replicated(tmp_path: Path) -> None:
    made = ["CREATE DATABASE one", *in_database(PLAIN, "one")]
    made += ["CREATE DATABASE many", *in_database([replicated(sql) for sql in PLAIN], "many")]
    engines = "SELECT name, engine, engine_full FROM system.tables WHERE database = 'many' AND engine != 'View'"
    *answers, one, many, found = ask(tmp_path, [*made, _COLUMNS.format("one"), _COLUMNS.format("many"), engines])
    assert refused(answers) == []
    assert one == many
    assert {name for name, _, _ in found} == {*TABLES, PARTIAL, "migrations", "store"}
    for name, engine, whole in found:
        assert engine == ("ReplicatedAggregatingMergeTree" if name == PARTIAL else "ReplicatedMergeTree"), name
        assert (
            "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 315360000" in whole
        ), name


FLOW = next(one for one in rules().measures().values() if sayable(one) and one.dims[-1])


def test_the_sink_inserts_and_reads_what_its_auditor_compares(migrated: Path) -> None:
    asked = {f"INSERT INTO sharedchain.{name} (tenant) VALUES ('acme')": True for name in (*TABLES, PARTIAL)}
    asked |= {
        "DESCRIBE TABLE sharedchain.facts": True,
        "SELECT number FROM sharedchain.migrations": True,
        "SELECT epoch FROM sharedchain.store": True,
        "INSERT INTO sharedchain.store (epoch) VALUES (1)": False,
        f"SELECT count() FROM ({statement(FLOW, FLOW.dims[-1], settled=False, days=1)})".replace(
            "{id:String}", "'M'"
        ).replace("{since:Array(UInt64)}", "[0]"): True,
        **{f"SELECT offset FROM sharedchain.{table} partition = 1 AND offset > 2": True for table in STORED.values()},
        "SELECT offset FROM sharedchain.dead_letters WHERE topic = 't' AND partition = 1": True,
        "SELECT value FROM sharedchain.dead_letters": False,
        "SELECT text_en FROM sharedchain.alerts": False,
        "SELECT text FROM sharedchain.notifications": False,
        "INSERT INTO sharedchain.migrations (number) VALUES (1)": False,
        "TRUNCATE TABLE sharedchain.facts": False,
        "ALTER TABLE sharedchain.facts DELETE WHERE 1": False,
        "CREATE TABLE sharedchain.own (x Int8) ENGINE = Memory": False,
    }
    assert allowed(migrated, asked, "sharedchain_sink") == asked


def test_the_sink_learns_that_rows_are_there_which_it_may_not_read(tmp_path: Path) -> None:
    names = ", ".join(f"'{name}'" for name in TABLES)
    asked = FILLED.replace("{database:String}", "'sharedchain'").replace("{names:Array(String)}", f"[{names}]")
    assert refused(ask(tmp_path, [HERE, *in_database(PLAIN)], "sharedchain_prepare")) == []
    insert = "INSERT INTO facts (tenant) VALUES ('acme')"
    assert ask(tmp_path, ["USE sharedchain", asked, insert, asked], "sharedchain_sink")[1:] == [[[0]], [], [[1]]]


def test_the_gateway_reads(migrated: Path) -> None:
    asked = {
        "SELECT data FROM sharedchain.facts": True,
        "SELECT open FROM sharedchain.alert_episodes": True,
        "SELECT value FROM sharedchain.dead_letters": True,
        "SELECT 1 SETTINGS max_execution_time = 10": True,
    }
    asked |= _CHANGES
    assert allowed(migrated, asked, "sharedchain_gateway") == asked


def test_grafana_reads_what_its_dashboards_ask_and_no_message(migrated: Path) -> None:
    asked = {sql: True for panel in PANELS.values() for sql in (expanded(t["rawSql"]) for t in panel["targets"])}
    asked |= {"SELECT value FROM sharedchain.dead_letters": False, "SELECT text FROM sharedchain.notifications": False}
    asked |= _CHANGES
    assert allowed(migrated, asked, "sharedchain_grafana") == asked


_CHANGES = {
    "INSERT INTO sharedchain.facts (seq) VALUES (2)": False,
    "DROP TABLE sharedchain.facts": False,
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'x String')": False,
    "SELECT name FROM system.users": False,
}


def allowed(folder: Path, asked: Mapping[str, bool], user: str) -> dict[str, bool]:
    """Which of these statements the engine runs for `user`."""
    _, *answers = ask(folder, in_database(list(asked)), user)
    return {sql: not isinstance(answer, str) for sql, answer in zip(asked, answers, strict=True)}
