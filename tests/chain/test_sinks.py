"""The ClickHouse sink on real parts: whatever is killed or away, the rows are the log, once."""

from __future__ import annotations

import random
import re
import shutil
import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from confluent_kafka import TopicPartition

from sharedchain.barrier import CLICKHOUSE
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConfigError
from sharedchain.kafka import consumer, transactional_producer
from sharedchain.scope import SPINE
from sinks.batch import FIRST_EPOCH
from sinks.clickhouse.epoch import epoch_of
from sinks.clickhouse.migrate import FOLDER, migrate
from sinks.clickhouse.rows import TABLES
from sinks.clickhouse.store import connect
from tests.sinks.rig import ALERTS, ROOT, House, Published, Store, alert, by_key, produce, wait_for

pytestmark = pytest.mark.stack
SINK = "sinks.clickhouse"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    one = Store(tmp_path_factory.mktemp("clickhouse"))
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def house(broker: Endpoints, store: Store, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(broker.model_copy(update={"home": tmp_path_factory.mktemp("house"), "clickhouse": store.endpoints}))


class Spine:
    """Numbers that go on through all tests of this module: the log is one, and so are the rows."""

    def __init__(self) -> None:
        self.seq = 0

    def facts(self, house: House, count: int) -> list[Published]:
        found: list[Published] = []
        for _ in range(count):
            self.seq += 1
            found.append(house.spine_record(self.seq % 3, self.seq, "tick" if self.seq % 10 == 0 else "fact"))
        return found


@pytest.fixture(scope="module")
def spine() -> Spine:
    return Spine()


def rows_are_the_log(house: House) -> None:
    house.settle(CLICKHOUSE, SPINE, ALERTS)
    expected = house.expected(SPINE, ALERTS)
    for table in ("facts", "alerts"):
        assert by_key(house.stored(table)) == by_key(expected[table])
    assert expected["facts"]


def while_it_reads(house: House, spine: Spine, chance: random.Random) -> Callable[[], None]:
    """Publish a few more whenever called, once the sink owns partitions: so its batches end anywhere."""
    return lambda: house.publish(spine.facts(house, chance.randint(1, 8))) if " own " in house.said() else None


@pytest.mark.parametrize(
    "where", ["sink.after_intent", "sink.before_insert", "sink.after_insert", "sink.before_commit"]
)
def test_killed_anywhere_the_rows_are_the_log(house: House, spine: Spine, where: str) -> None:
    chance = random.Random(f"seed 1 {where}")
    for _ in range(2):
        house.publish(spine.facts(house, chance.randint(50, 200)))
        house.dies_at(SINK, f"{where}:{chance.randint(1, 4)}", while_it_reads(house, spine, chance))
    house.publish([house.derived_record(alert(n)) for n in range(20)])
    with house.running(SINK):
        rows_are_the_log(house)


def test_red_twin_without_intents_the_rows_double(house: House, spine: Spine, tmp_path: Path) -> None:
    """The same tokens, but a batch that is cut anew after a kill: what the intents are for."""
    where = house.endpoints.clickhouse.model_copy(update={"database": "naive"})
    naive = House(house.endpoints.model_copy(update={"home": tmp_path / "home", "clickhouse": where}))
    naive.publish(spine.facts(naive, 50))
    naive.dies_at("tests.sinks.naive", "sink.after_insert")
    naive.publish(spine.facts(naive, 50))
    with naive.running("tests.sinks.naive"):
        naive.settle("test.naive", SPINE)
    expected = by_key(naive.expected(SPINE)["facts"])
    stored = by_key(naive.stored("facts"))
    assert set(stored) == set(expected)
    assert max(stored.values()) == 2


@pytest.mark.slow
def test_members_come_go_and_sleep_and_the_rows_are_the_log(house: House, spine: Spine) -> None:
    with house.running(SINK) as one, house.running(SINK, "--member", "two"):
        for _ in range(20):
            house.publish(spine.facts(house, 30))
        rows_are_the_log(house)
        one.send_signal(signal.SIGSTOP)  # longer than its session: the other takes its partitions, intents included
        try:
            for _ in range(20):
                house.publish(spine.facts(house, 30))
            rows_are_the_log(house)
        finally:
            one.send_signal(signal.SIGCONT)  # and now it wakes up as a zombie
        house.publish(spine.facts(house, 300))
        rows_are_the_log(house)
    assert "own " in house.said()


def test_aborted_transactions_leave_no_row(house: House, spine: Spine) -> None:
    writer = transactional_producer(house.endpoints, "test.writer")
    writer.init_transactions()
    for keep in (True, False, True, False):
        writer.begin_transaction()
        produce(writer, spine.facts(house, 30))
        writer.flush()
        if keep:
            writer.commit_transaction()
        else:
            writer.abort_transaction()
    house.dies_at(SINK, "sink.after_intent")
    house.publish(spine.facts(house, 30))
    with house.running(SINK):
        rows_are_the_log(house)


def test_clickhouse_away_for_a_while_loses_nothing(house: House, store: Store, spine: Spine) -> None:
    with house.running(SINK):
        house.publish(spine.facts(house, 50))
        rows_are_the_log(house)
        store.stop(signal.SIGKILL)
        house.publish(spine.facts(house, 100))
        wait_for("an attempt that fails", lambda: "attempt 2 follows" in house.said())
        house.publish(spine.facts(house, 100))
        store.start()
        rows_are_the_log(house)


def test_the_auditor_counts_what_is_harmed_and_nothing_else(
    house: House, spine: Spine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row too many, a row too few, long after they were written; a record that nobody could read is none."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("SHAREDCHAIN_PROGRAM", "sink")
    monkeypatch.setenv("SHAREDCHAIN_AUDIT_SECONDS", "0.1")
    tells = {"home": tmp_path / "home", "metrics": {"sink": f"http://127.0.0.1:{port}"}}
    watched = House(house.endpoints.model_copy(update=tells))
    watched.publish([(SPINE, 1, b"junk that is no fact", []), *spine.facts(watched, 200)])

    def count(name: str) -> float:
        page = httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        return float(re.findall(rf"^{name} (\S+)$", page, re.MULTILINE)[0])

    def looked_again(times: int = 2) -> None:
        seen = count("sharedchain_audit_records_total") + times * spine.seq
        wait_for("the auditor to come round", lambda: count("sharedchain_audit_records_total") > seen)

    with watched.running(SINK):
        rows_are_the_log(watched)
        looked_again()
        assert count("chain_audit_mismatch_total") == 0
        with connect(watched.endpoints.clickhouse) as client:
            client.command("INSERT INTO facts SELECT * FROM facts WHERE n = 0 ORDER BY partition, offset LIMIT 1")
            wait_for("one row too many", lambda: count("chain_audit_mismatch_total") == 1)
            ((partition, offset),) = client.query(
                "SELECT partition, max(offset) FROM facts GROUP BY partition ORDER BY partition DESC LIMIT 1"
            ).result_rows
            client.command(f"DELETE FROM facts WHERE partition = {partition} AND offset = {offset}")
        wait_for("one row too few", lambda: count("chain_audit_mismatch_total") == 2)
        looked_again()
        assert count("chain_audit_mismatch_total") == 2
        assert f"{SPINE}-{partition}: offset {offset}" in watched.said()
    with connect(watched.endpoints.clickhouse, database="default") as client:  # whoever comes next fills them anew
        client.command("DROP DATABASE {d:Identifier} SYNC", {"d": watched.endpoints.clickhouse.database})


def test_tables_made_anew_are_filled_from_the_log(house: House, spine: Spine) -> None:
    house.publish(spine.facts(house, 50))
    with house.running(SINK):
        rows_are_the_log(house)
    database = house.endpoints.clickhouse.database
    with connect(house.endpoints.clickhouse, database="default") as client:
        client.command("DROP DATABASE {d:Identifier} SYNC", {"d": database})
    with house.running(SINK):
        rows_are_the_log(house)


def test_a_store_older_than_its_epoch_is_gone_on_with(house: House, spine: Spine) -> None:
    """What the release before left: no epoch in the store, no metadata beside the positions."""
    house.publish(spine.facts(house, 50))
    with house.running(SINK):
        rows_are_the_log(house)
    with connect(house.endpoints.clickhouse) as client:
        client.command("DROP TABLE store SYNC")
    old = consumer(house.endpoints, CLICKHOUSE)
    topics = old.list_topics(timeout=20).topics.values()
    places = [TopicPartition(str(t.topic), p) for t in topics for p in t.partitions]
    at = [p for p in old.committed(places, timeout=20) if p.offset >= 0]
    assert {p.metadata for p in at} != {""}
    writer = transactional_producer(house.endpoints, "test.positions")  # a group with members takes these
    writer.init_transactions()
    writer.begin_transaction()
    bare = [TopicPartition(p.topic, p.partition, p.offset) for p in at]
    writer.send_offsets_to_transaction(bare, old.consumer_group_metadata())
    writer.commit_transaction()
    old.close()
    house.publish(spine.facts(house, 50))
    with house.running(SINK):
        rows_are_the_log(house)


def test_tables_of_an_older_release_go_forward_and_back(house: House, tmp_path: Path) -> None:
    """Forward: what is missing is applied, rows stay. Back: refused, and the older release fills tables of its own."""
    where = house.endpoints.clickhouse.model_copy(update={"database": "upgraded"})
    older, newer = tmp_path / "older", tmp_path / "newer"
    shutil.copytree(FOLDER, older)
    shutil.copytree(FOLDER, newer)
    added = newer / f"{len(list(older.iterdir())) + 1:04}_add_note.sql"
    added.write_text("ALTER TABLE facts ADD COLUMN IF NOT EXISTS note String COMMENT 'new'")
    migrate(where, older)
    with connect(where) as client:
        client.command(f"INSERT INTO facts SELECT * FROM {house.endpoints.clickhouse.database}.facts")
        before = client.query("SELECT count() FROM facts").result_rows
        assert before[0][0] > 0
        assert [name[5:] for name in migrate(where, newer)] == ["add_note.sql"]
        assert client.query("SELECT count() FROM facts WHERE note = ''").result_rows == before
    with pytest.raises(ConfigError, match="deploy the newer release"):
        migrate(where, older)
    with connect(where, database="default") as client:
        client.command("DROP DATABASE upgraded SYNC")
    assert len(migrate(where, older)) == len(list(older.iterdir()))
    assert epoch_of(where) > FIRST_EPOCH


def test_a_storm_that_nobody_can_read_is_kept_and_blocks_nothing(house: House, spine: Spine) -> None:
    """Thousands among good ones: each is a dead letter with its reason, and the log of the sink stays short."""

    def kept() -> Counter[str]:
        at = TABLES["dead_letters"].columns.index("reason")
        return Counter(row[at] for row in house.stored("dead_letters") if row[0] == SPINE)

    house.publish([(SPINE, 0, b"junk", []), *spine.facts(house, 5)])
    with house.running(SINK):
        rows_are_the_log(house)
    before = kept()
    for _ in range(5):
        for topic, partition, value, headers in spine.facts(house, 300):
            torn = [(SPINE, partition, b"junk", headers), (SPINE, partition, (value or b"") + b"x", headers)]
            house.publish([*torn, (SPINE, 0, b"junk", []), (topic, partition, value, headers)])
    with house.running(SINK):
        rows_are_the_log(house)
        assert len(house.said().splitlines()) < 20
    assert kept() - before == {"bad_frame": 1500, "trailing": 1500, "bad_header": 1500}


def test_migrations_twice_change_nothing(house: House) -> None:
    for _ in range(2):
        process = house.start(SINK, "", "--migrate")
        assert process.wait(60) == 0
    assert "applied" not in house.said()


def test_the_examples_of_the_readme_run(house: House) -> None:
    text = (ROOT / "sinks" / "README.md").read_text(encoding="utf-8")
    statements = [s for s in text.split("```sql")[1].split("```")[0].split(";") if s.strip()]
    assert len(statements) >= 7
    with connect(house.endpoints.clickhouse) as client:
        for statement in statements:
            client.query(statement)


def test_every_column_is_explained(house: House) -> None:
    with connect(house.endpoints.clickhouse) as client:
        silent = client.query(
            "SELECT table, name FROM system.columns WHERE database = {d:String} AND comment = '' "
            "AND table NOT IN (SELECT name FROM system.tables WHERE database = {d:String} AND engine = 'View')",
            {"d": house.endpoints.clickhouse.database},
        )
    assert silent.result_rows == []


def test_an_episode_is_one_row_an_alert(house: House) -> None:
    life = [("raised", "YELLOW"), ("escalated", "RED"), ("resolved", "RED")]
    told = [alert(9_000, how, severity=severity, seq=seq) for seq, (how, severity) in enumerate(life)]
    house.publish([house.derived_record(one) for one in told])
    with house.running(SINK):
        house.settle(CLICKHOUSE, ALERTS)
    with connect(house.endpoints.clickhouse) as client:
        found = client.query(
            "SELECT severity_raised, severity, open, escalated_at IS NULL, resolved_at IS NULL, recipients "
            "FROM alert_episodes WHERE alert_id = 'alert-9000'"
        ).result_rows
    assert found == [("YELLOW", "RED", False, False, False, ["E002"])]


def test_a_home_without_endpoints_says_what_to_do(house: House, tmp_path: Path) -> None:
    process = house.start(SINK, "", "--home", str(tmp_path))
    assert process.wait(60) == 1
    assert "sharedchain up" in house.said()
