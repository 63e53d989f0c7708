"""The doctor finds each of ten faults, seeded in real parts, says how to mend it, and is quick with the frozen."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import string
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from confluent_kafka import TopicPartition
from pydantic import SecretStr

from deploy.local import state
from deploy.local.doctor import connections, examine, machine, pace, peers
from deploy.local.doctor.finding import Finding
from deploy.local.doctor.meanings import MEANINGS
from deploy.local.doctor.words import WORDS
from sharedchain.endpoints import ClickHouse, Endpoints, Notify
from sharedchain.errors import ConfigError
from sharedchain.kafka import consumer, create_topics, producer, transactional_producer
from sharedchain.lag import Follower, Position
from sharedchain.registration import apply
from sharedchain.registry import Registry
from sharedchain.replicas import short
from sharedchain.schemas import Catalog
from sinks.clickhouse.migrate import migrate
from tests.deploy.clickhouse.launch import PASSWORD, launch

CATALOG = Catalog.load()
LEAD = CATALOG.types["lead.captured"]
real = pytest.mark.stack


@pytest.fixture(scope="module")
def healthy(own_broker: Endpoints) -> Endpoints:
    """Real Kafka and registry with all our topics and schemas."""
    create_topics(own_broker, CATALOG)
    apply(Registry(own_broker.registry), CATALOG)
    return own_broker


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    server = launch(tmp_path_factory.mktemp("doctor") / "data")
    where = ClickHouse(url=f"http://127.0.0.1:{server.owner.port}", user="owner", password=SecretStr(PASSWORD))
    try:
        yield where
    finally:
        server.kill()


def nowhere(home: Path, port: int, **more: Any) -> Endpoints:
    """Addresses of a home where every part would listen at `port`."""
    url = f"http://127.0.0.1:{port}"
    said: dict[str, Any] = {
        "home": home, "kafka": f"127.0.0.1:{port}", "registry": url, "gateway": url, "link_secret": "s",
        "clickhouse": ClickHouse(url=url, user="u", password=SecretStr("p")),
        "notify": Notify(smtp=f"127.0.0.1:{port}", webhook=url, webhook_secret=SecretStr("s")),
    }  # fmt: skip
    return Endpoints(**said | more)


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of one who accepts connections and never answers: what a frozen process looks like."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def bad(found: list[Finding]) -> dict[str, Finding]:
    """Key → finding; each says how to mend it in both languages."""
    wrong = {one.key: one for one in found if not one.ok}
    assert all(one.mend("zh") and one.mend("en") for one in wrong.values())
    return wrong


# -- ten faults -----------------------------------------------------------------------------------------------


@real
def test_a_healthy_broker_has_no_finding(healthy: Endpoints) -> None:
    found = [*peers.kafka(healthy, CATALOG), *peers.registry(healthy, CATALOG), *pace.followers(healthy, CATALOG)]
    assert bad([*found, *pace.records(healthy, CATALOG, time.time)]) == {}


def test_1_the_registry_is_down(tmp_path: Path, deaf: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        closed = int(gone.getsockname()[1])
    for port in (closed, deaf):
        begun = time.monotonic()
        (wrong,) = bad(peers.registry(nowhere(tmp_path, port), CATALOG)).values()
        assert (wrong.key, time.monotonic() - begun < 10 * peers.WAIT) == ("registry.silent", True)
        assert "log/registry.log" in wrong.mend()
        assert "nothing is refused or lost" in wrong.means()


@real
def test_2_a_subject_has_the_wrong_compatibility(healthy: Endpoints) -> None:
    path = f"{healthy.registry}/config/{LEAD.registry_subject}"
    httpx2.put(path, json={"compatibility": "NONE"}, timeout=10).raise_for_status()
    try:
        wrong = bad(peers.registry(healthy, CATALOG))
        assert set(wrong) == {"registry.level"}
        assert f"{LEAD.registry_subject} is NONE" in wrong["registry.level"].found()
        assert "schema apply" in wrong["registry.level"].mend()
    finally:
        apply(Registry(healthy.registry), CATALOG)  # what it told to do
    assert bad(peers.registry(healthy, CATALOG)) == {}


def test_3_the_clock_is_off(tmp_path: Path, store: ClickHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the answer: its way is patience and doubt, not a difference of clocks."""
    monkeypatch.setattr(peers, "WAIT", 120.0)
    migrate(store)
    ends = nowhere(tmp_path, 1, clickhouse=store)
    assert bad(peers.clickhouse(ends, time.time)) == {}
    for lie in (600.0, -600.0):
        wrong = bad(peers.clickhouse(ends, lambda lie=lie: time.time() + lie))  # type: ignore[misc]
        assert set(wrong) == {"clock.off"}
        assert wrong["clock.off"].values["off"] == pytest.approx(lie, abs=120)
        assert "chrony" in wrong["clock.off"].mend()


def test_4_the_disk_is_low(tmp_path: Path) -> None:
    assert machine.disk(tmp_path, 1).ok
    wrong = bad([machine.disk(tmp_path / "not" / "yet", 2**60)])
    assert str(tmp_path) in wrong["disk.low"].found()


@real
def test_5_a_consumer_is_stuck(healthy: Endpoints) -> None:
    topic = "ops.alert.v1"
    out = producer(healthy)
    for number in range(3):
        out.produce(topic, str(number).encode(), partition=2)
    out.flush(10)
    stuck = consumer(healthy, "chain.sink.notify")
    stuck.commit(offsets=[TopicPartition(topic, 2, 1)], asynchronous=False)
    wrong = bad(pace.followers(healthy, CATALOG, look=1.0))
    assert {"group": "chain.sink.notify", "partition": 2, "at": 1, "lag": 2}.items() <= wrong[
        "followers.stuck"
    ].values.items()
    stuck.commit(offsets=[TopicPartition(topic, 2, 3)], asynchronous=False)
    stuck.close()
    (unread,) = bad(pace.followers(healthy, CATALOG, look=1.0)).values()  # the other reader of that topic never came
    assert (unread.key, unread.values["group"]) == ("followers.unread", "chain.sink.clickhouse")


@real
def test_6_dead_letters_rise(healthy: Endpoints) -> None:
    out = producer(healthy)
    for _ in range(4):
        out.produce("sales.lead.v1.dlq.v1", b"refused", partition=0)
    out.flush(10)
    wrong = bad(pace.records(healthy, CATALOG, time.time))
    assert set(wrong) == {"letters.rising"}
    assert "sales.lead.v1 4" in wrong["letters.rising"].found()
    later = pace.records(healthy, CATALOG, lambda: time.time() + 3600)
    assert "letters.rising" not in bad(later)


@real
def test_7_a_topic_is_under_replicated(healthy: Endpoints) -> None:
    """Topics of one replica where three were promised; and, judged alone, a replica that fell out of sync."""
    wrong = bad(peers.kafka(healthy.model_copy(update={"replication": 3}), CATALOG))
    assert set(wrong) == {"replicas.under"}
    assert (wrong["replicas.under"].values["isr"], wrong["replicas.under"].values["want"]) == (1, 3)


def test_7b_a_replica_fell_out_of_sync() -> None:
    fallen = SimpleNamespace(partitions={0: SimpleNamespace(replicas=(1, 2, 3), isrs=(1, 3))})
    missing = short(["t"], {"t": fallen}, 1)
    found = peers.replicas(missing, 3)
    assert (found.key, found.values["isr"], found.values["want"]) == ("replicas.under", 2, 3)
    assert peers.replicas([replace(one, least=3) for one in missing], 3).key == "replicas.refusing"


@real
def test_8_a_schema_drifted(healthy: Endpoints) -> None:
    drifted = json.loads(LEAD.schema_text)
    drifted["fields"].append({"name": "planted", "type": ["null", "string"], "default": None})
    url = f"{healthy.registry}/subjects/{LEAD.registry_subject}/versions"
    httpx2.post(url, json={"schema": json.dumps(drifted)}, timeout=10).raise_for_status()
    try:
        wrong = bad(peers.registry(healthy, CATALOG))
        assert set(wrong) == {"schemas.drift"}
        assert f"{LEAD.registry_subject} version 2 is not lead.captured.avsc" in wrong["schemas.drift"].found()
    finally:
        httpx2.delete(f"{url}/2", timeout=10)


def test_9_a_port_is_taken(tmp_path: Path, deaf: int) -> None:
    wrong = bad([machine.ports(tmp_path, nowhere(tmp_path, deaf))])
    assert f"{deaf} (kafka): " in wrong["ports.taken"].found()
    assert f"pid {os.getpid()}" in wrong["ports.taken"].found()
    assert "endpoints.json" in wrong["ports.taken"].mend()


@real
def test_10_a_source_is_silent(healthy: Endpoints) -> None:
    """The broker's own append time, asked two days later; before, and where nothing ever came, all is well."""
    out = producer(healthy)
    out.produce("plant.reading.v1", b"x")
    out.flush(10)
    assert "sources.silent" not in bad(pace.records(healthy, CATALOG, time.time))
    wrong = bad(pace.records(healthy, CATALOG, lambda: time.time() + 2 * 86_400))
    assert "plant.reading.v1 has had no record for 48 h" in wrong["sources.silent"].found()
    assert CATALOG.topics["plant.reading.v1"].owner in wrong["sources.silent"].mend()


# -- patience -------------------------------------------------------------------------------------------------


def test_11_the_tables_are_not_the_log(tmp_path: Path) -> None:
    ends, page = nowhere(tmp_path, 1), "sharedchain_audit_records_total 90.0\nchain_audit_mismatch_total {}.0\n"
    assert bad(peers.audited(page.format(0), ends)) == {}
    (wrong,) = bad(peers.audited(page.format(2), ends)).values()
    assert (wrong.key, wrong.values["count"]) == ("audit.mismatch", 2)
    assert "sharedchain audit" in wrong.mend()
    assert peers.audited("nothing of it", ends) == peers.audit(ends) == []


@real
def test_a_frozen_kafka_costs_seconds_and_the_others_are_still_told(healthy: Endpoints) -> None:
    seen = state.load(healthy.home)
    assert seen is not None
    pid = seen.part("kafka").pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        found = list(connections(healthy))
        took = time.monotonic() - begun
    finally:
        os.kill(pid, signal.SIGCONT)
    assert "kafka.silent" in {one.key for one in found}
    assert {"clickhouse", "gateway"} <= {one.check for one in found}
    assert took < 20, f"{took:.1f} s"


def test_an_endpoints_file_of_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAREDCHAIN_CONNECT", str(tmp_path / "absent.yaml"))
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        list(examine(tmp_path, alone=True))
    assert "endpoints.none" in {one.key for one in examine(tmp_path)}


def test_everything_frozen_costs_one_patience(tmp_path: Path, deaf: int) -> None:
    begun = time.monotonic()
    found = list(connections(nowhere(tmp_path, deaf)))
    assert set(bad(found)) == {"kafka.silent", "registry.silent", "clickhouse.silent", "gateway.silent"}
    assert time.monotonic() - begun < 3.5 * peers.WAIT  # one after the other they would be four


# -- words ----------------------------------------------------------------------------------------------------


def test_every_fault_has_its_name_and_its_remedy_with_the_same_values_in_both_languages() -> None:
    fields = {key: [{f for _, f, *_ in string.Formatter().parse(t) if f} for t in said] for key, said in WORDS.items()}
    assert [key for key, (zh, en) in fields.items() if zh != en] == []
    outcomes = [key for key in WORDS if key.count(".") == 1]
    assert [key for key in outcomes if key.partition(".")[0] not in WORDS] == []
    wrong = {key for key in outcomes if not key.endswith(".ok")}
    assert [key for key in wrong if f"{key}.mend" not in WORDS] == []
    assert wrong ^ MEANINGS.keys() == set()


def test_each_remedy_is_something_to_type_or_somebody_to_call() -> None:
    """At night nobody wants to think: a command, a file to read, a person to call."""
    typed = re.compile(r"sharedchain |python -m |make |pip |chmod |systemctl |kafka-\w+|call |connect to|free it")
    assert [key for key, (_, en) in WORDS.items() if key.endswith(".mend") and not typed.search(en)] == []


def test_a_slow_answer_is_no_difference_of_clocks() -> None:
    assert peers.clock("x", 7.0, doubt=4.0).ok
    assert not peers.clock("x", 7.0, doubt=1.0).ok


def test_a_finding_is_told_in_chinese_and_to_machines() -> None:
    found = Finding("disk.low", {"place": "/x", "free": 0.5, "low": 2.0})
    assert found.line("zh").startswith(
        "坏  磁盘: /x 只剩 0.5 GiB\n    = 写满后 Kafka 停止,新业务事件无法被接收\n    → 清理到 2 GiB 以上"
    )
    assert {"ok": False, "what": "disk", "outcome": "low"}.items() <= found.record().items()


def test_an_address_does_not_run_into_what_is_said_of_it() -> None:
    """`127.0.0.1:9092:49 topics` reads as a port."""
    assert [key for key, texts in WORDS.items() for text in texts if re.search(r"\{place\}:\S", text)] == []


def test_a_fresh_home_has_two_findings(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert set(bad(list(examine(tmp_path, low=1)))) == {"home.open", "endpoints.none"}


def test_who_moved_is_not_stuck() -> None:
    before = [Position("t", 0, 3, 9), Position("t", 1, 3, 9)]
    assert pace.still(before, [Position("t", 0, 4, 9), Position("t", 1, 3, 12)]) == [before[1]]


@real
def test_markers_are_no_lag(healthy: Endpoints) -> None:
    """Behind the last record of a transaction stands a marker: a follower that has read all is not behind."""
    out = transactional_producer(healthy, "doctor.markers")
    out.init_transactions(10)
    out.begin_transaction()
    out.produce("ops.metric.v1", b"m", partition=5)
    out.commit_transaction(10)
    reader = consumer(healthy, "doctor.markers")
    reader.commit(offsets=[TopicPartition("ops.metric.v1", 5, 1)], asynchronous=False)
    asked = Follower(healthy, "doctor.markers")
    assert [p.lag for p in asked.positions()] == [0]
    reader.commit(offsets=[TopicPartition("ops.metric.v1", 5, 0)], asynchronous=False)
    assert [p.lag for p in asked.positions()] == [2]
    asked.close()
    reader.close()
