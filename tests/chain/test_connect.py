"""`--connect`: our programs on three brokers, a registry and a ClickHouse of somebody else, each as its own user."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.demo.command import DONGCHEN, judge
from deploy.demo.found import client, count_of
from deploy.demo.player import Player
from deploy.demo.story import load
from deploy.local import probe
from deploy.local.doctor import connections
from deploy.local.stack import Stack
from deploy.replay import compare_stores, refold
from deploy.rights import rights
from deploy.theirs import brokers
from deploy.theirs.cluster import Cluster
from deploy.theirs.grants import OPERATIONS
from sharedchain import kafka
from sharedchain.chain import ChainSync
from sharedchain.endpoints import Endpoints, Login, Program, Reference
from sharedchain.errors import ConfigError
from sharedchain.events import LeadCaptured
from sharedchain.kafka import new_topics
from sharedchain.schemas import Catalog
from sharedchain.scope import SPINE, partition_of
from tests.chain.crew import until

pytestmark = [pytest.mark.stack, pytest.mark.slow]

CATALOG = Catalog.load()
TENANT = "acme"
DENIED = "TOPIC_AUTHORIZATION_FAILED"
# One thing that each program must not do, tried as that program.
FORBIDDEN: dict[Program, tuple[str, str]] = {
    "prepare": ("write", "sales.lead.v1"),
    "ingest": ("create", "sales.surprise.v1"),
    "engine": ("read", "sales.lead.v1"),
    "sink": ("write", "ops.alert.v1"),
    "notify": ("write", SPINE),
    "gateway": ("write", "ops.alert.v1"),
    "registry": ("read", SPINE),
    "operator": ("write", SPINE),
}
LEAD: dict[str, Any] = {
    "customer_industry": "MANUFACTURING",
    "demand_type": "NEW",
    "expected_amount": "48000000",
    "prospect_name": "Example",
    "owner_id": "E001",
}


@dataclass
class Run:
    """Theirs, ours, and what both were started as."""

    cluster: Cluster
    stack: Stack
    ends: Endpoints

    def of(self, program: Program) -> Endpoints:
        return Endpoints.load(self.ends.home, program=program)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("connect")
    cluster = Cluster(folder / "theirs")
    try:
        stack = Stack(folder / "home", connect=cluster.up())
        with stack as ends:
            yield Run(cluster, stack, ends)
    finally:
        cluster.down()


# An open fault: in some runs ingest's Kafka client reads no more after the loss, until the lane's guard ends it (a
# minute); the story's patience may be over by then.
STANDS_STILL = pytest.mark.xfail(
    reason="after the loss of a broker ingest may stand still for a minute: see CHANGELOG", strict=False
)


def refused(attempt: str, topic: str, ends: Endpoints) -> str:
    """The name of the error with which the brokers answer; "" if they let it pass."""
    told: list[Any] = []
    try:
        if attempt == "write":
            producer = kafka.producer(ends, enable_idempotence=False)  # which asks for a right of its own
            producer.produce(topic, b"x", on_delivery=lambda error, _: told.append(error))
            producer.flush(30)
        elif attempt == "create":
            client = kafka.admin(ends)  # held by a name: a client that is collected takes its answers along
            client.create_topics([NewTopic(topic, 1, 3)])[topic].result(30)
        else:
            client = kafka.admin(ends)
            told.append(client.list_topics(topic, timeout=30).topics[topic].error)
    except KafkaException as error:
        told.append(error.args[0])
    return next((error.name() for error in told if error is not None), "")


def operations(client: AdminClient, names: list[str]) -> dict[str, set[str]]:
    """What the brokers' authorizer lets this client do, by topic that it may see."""
    asked = client.describe_topics(TopicCollection(names), include_authorized_operations=True, request_timeout=30)
    found: dict[str, set[str]] = {}
    for name, answer in asked.items():
        try:
            found[name] = {one.name for one in answer.result(30).authorized_operations}
        except KafkaException as error:
            if error.args[0].name() != DENIED:
                raise
    return found


def test_only_our_programs_run_here(run: Run) -> None:
    assert {part.name for part in run.stack.state().parts} == {
        "prepare", "postbox", "ingest-0", "engine-0", "sink", "notify", "gateway",
    }  # fmt: skip


def test_our_topics_are_on_three_brokers(run: Run) -> None:
    there = kafka.admin(run.ends).list_topics(timeout=30).topics
    wanted = {new.topic for topic in CATALOG.topics.values() for new in new_topics(topic, 3)}
    assert wanted <= there.keys()
    copies = {len(partition.replicas) for name in wanted for partition in there[name].partitions.values()}
    assert copies == {3}


@pytest.mark.parametrize("program", FORBIDDEN)
def test_a_program_is_refused_what_is_not_its_own(run: Run, program: Program) -> None:
    attempt, topic = FORBIDDEN[program]
    assert refused(attempt, topic, run.of(program)) == DENIED


@pytest.mark.parametrize("program", FORBIDDEN)
def test_the_authorizer_knows_the_whole_table_and_nothing_more(run: Run, program: Program) -> None:
    names = sorted(new.topic for topic in CATALOG.topics.values() for new in new_topics(topic, 3))
    granted = {
        right.name: {OPERATIONS[one].name for one in right.operations}
        for right in rights(CATALOG)[program]
        if right.kind == "topic" and right.name in names
    }
    assert operations(kafka.admin(run.of(program)), names) == granted


def test_a_wrong_password_and_a_wrong_authority_are_told_at_once(run: Run, tmp_path: Path) -> None:
    said = run.ends.kafka_access
    (tmp_path / "wrong").write_text("not the password")
    login = Login(user=said.users["operator"].user, password=Reference(file=tmp_path / "wrong"))
    wrong = said.model_copy(update={"users": {"default": login}})
    stranger = said.model_copy(update={"ca": None})
    for access, why in ((wrong, "user or password are not right"), (stranger, "is `ca` the authority")):
        ends = run.ends.model_copy(update={"kafka_access": access})
        until(partial(complains, ends, why), 30, why)


def complains(ends: Endpoints, why: str) -> bool:
    """Whether a first contact tells this of the way these endpoints are entered."""
    try:
        assert not probe.cluster(ends)
    except ConfigError as error:
        return why in str(error)
    return False


def test_the_sdk_and_the_door_get_in(run: Run, tmp_path: Path) -> None:
    with ChainSync(run.ends, source="test") as chain:
        chain.publish(LeadCaptured.model_validate({"lead_id": "L-SDK", **LEAD}), tenant="door")
    event = {"specversion": "1.0", "id": "1", "source": "test", "type": "lead.captured", "tenant": "door"}
    sent = httpx2.post(
        f"{run.ends.gateway}/v1/events",
        json={**event, "data": {"lead_id": "L-DOOR", **LEAD}},
        headers={"content-type": "application/cloudevents+json"},
        timeout=30,
    )
    assert sent.status_code < 300, sent.text
    environment = {**os.environ, "SHAREDCHAIN_CONNECT": str(run.cluster.endpoints), "SHAREDCHAIN_HOME": str(tmp_path)}
    settled = subprocess.run(
        [str(Path(sys.executable).parent / "sharedchain"), "settle", "--timeout", "120"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert settled.returncode == 0, settled.stdout + settled.stderr
    assert count_of(client(run.ends), "door", ["lead.captured"]) == 2


@STANDS_STILL
def test_a_broker_is_killed_in_the_middle_of_the_story(run: Run) -> None:
    """The one that leads the company's partition of the spine. Every row of the story is there, once."""
    story = load(DONGCHEN).as_tenants([TENANT])
    killed: list[tuple[str, int]] = []

    def kill() -> None:
        store = client(run.ends)
        facts = "SELECT count() FROM facts WHERE tenant = {tenant:String}"
        asked = {"tenant": TENANT}
        until(lambda: store.query(facts, parameters=asked).result_rows[0][0] >= 60, 240, "the story does not begin")
        operator = kafka.admin(run.ends)
        spine = operator.list_topics(SPINE, timeout=30).topics[SPINE]
        name = brokers.name(spine.partitions[partition_of(TENANT)].leader)
        run.cluster.kill(name)
        killed.append((name, store.query("SELECT count() FROM facts").result_rows[0][0]))

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        Player(run.ends, story).play()
    finally:
        killer.join(10)
        for name, _ in killed:
            run.cluster.start(name)
    verdicts = judge(story, run.ends, TENANT)
    assert sum(verdict.expected for verdict in verdicts) > 400
    assert [verdict for verdict in verdicts if not verdict.equal] == []
    assert killed[0][1] < client(run.ends).query("SELECT count() FROM facts").result_rows[0][0], "killed too late"


@STANDS_STILL
def test_every_replica_comes_back_and_the_doctor_sees_it(run: Run) -> None:
    def wrong() -> list[str]:
        found = [finding for finding in connections(run.ends) if not finding.ok]
        return [finding.line("en") for finding in found if not finding.key.startswith("letters")]  # the story has some

    until(lambda: not wrong(), 120, "the doctor is not content")


def test_folding_the_spine_again_gives_the_same_store(run: Run) -> None:
    assert refold(run.ends, "folded_again") > 300
    verdicts = compare_stores(run.ends.clickhouse, "folded_again")
    assert {v.table for v in verdicts} == {"facts", "metric_minute", "alerts"}
    assert [v for v in verdicts if not v.equal] == []
