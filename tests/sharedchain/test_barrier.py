"""The barrier on a real log: records hold it, markers and aborted records do not."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from sharedchain.barrier import Barrier, NotSettled, Stage, stages
from sharedchain.endpoints import Endpoints
from sharedchain.kafka import consumer, create_topics, transactional_producer
from sharedchain.schemas import Catalog
from sharedchain.scope import SPINE

pytestmark = pytest.mark.stack


@pytest.fixture
def topic(broker: Endpoints) -> str:
    name = f"barrier.{uuid.uuid4().hex[:8]}.v1"
    catalog = Catalog.load()
    lead = catalog.topics["sales.lead.v1"]
    create_topics(broker, replace(catalog, topics={name: replace(lead, name=name, partitions=2, ingest=False)}))
    return name


@pytest.fixture
def barrier(broker: Endpoints) -> Iterator[Barrier]:
    with Barrier(broker) as open_barrier:
        yield open_barrier


def write(endpoints: Endpoints, topic: str, *values: bytes, abort: bool = False) -> None:
    producer = transactional_producer(endpoints, f"{topic}.writer")
    producer.init_transactions(30)
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value, partition=0)
    producer.flush(30)
    (producer.abort_transaction if abort else producer.commit_transaction)(30)


def follower(endpoints: Endpoints, topic: str) -> Consumer:
    return consumer(endpoints, f"{topic}.follower")


def passed(barrier: Barrier, topic: str, seconds: float = 0.0) -> bool:
    try:
        barrier.wait(Stage(f"{topic}.follower", (topic,)), time.monotonic() + seconds)
    except NotSettled:
        return False
    return True


def test_an_empty_topic_holds_nobody(broker: Endpoints, topic: str, barrier: Barrier) -> None:
    assert passed(barrier, topic)


def test_a_record_holds_until_its_position_is_committed(broker: Endpoints, topic: str, barrier: Barrier) -> None:
    write(broker, topic, b"1", b"2")
    with pytest.raises(NotSettled, match=f"{topic}/0"):  # at once: even before the commit is visible
        barrier.wait(Stage(f"{topic}.follower", (topic,)), time.monotonic())
    group = follower(broker, topic)
    group.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
    assert not passed(barrier, topic)
    group.commit(offsets=[TopicPartition(topic, 0, 2)], asynchronous=False)  # behind it lies the commit marker only
    assert passed(barrier, topic, 10)
    group.close()


def test_what_holds_is_read_once_until_the_follower_moves(
    broker: Endpoints, topic: str, barrier: Barrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(broker, topic, b"x", b"y")
    probes, probe = 0, barrier._with_records

    def counted(*said: Any) -> Any:
        nonlocal probes
        probes += 1
        return probe(*said)

    monkeypatch.setattr(barrier, "_with_records", counted)
    assert not passed(barrier, topic, 0.5)
    assert probes == 1
    with_it = follower(broker, topic)
    for offset in (1, 2):
        with_it.commit(offsets=[TopicPartition(topic, 0, offset)], asynchronous=False)
    assert passed(barrier, topic)
    with_it.close()


def test_aborted_records_hold_nobody(broker: Endpoints, topic: str, barrier: Barrier) -> None:
    write(broker, topic, b"1")
    group = follower(broker, topic)
    group.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
    write(broker, topic, b"never", b"was", abort=True)
    assert passed(barrier, topic, 10)
    group.close()


def test_an_open_transaction_is_waited_for(broker: Endpoints, topic: str, barrier: Barrier) -> None:
    producer = transactional_producer(broker, f"{topic}.open")
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"1", partition=0)
    producer.flush(30)
    assert not passed(barrier, topic)
    producer.abort_transaction(30)
    assert passed(barrier, topic, 10)


def test_what_comes_after_the_call_is_not_waited_for(broker: Endpoints, topic: str, barrier: Barrier) -> None:
    write(broker, topic, b"1")
    group = follower(broker, topic)
    group.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
    ends = barrier._ends((topic,))
    write(broker, topic, b"2")
    assert barrier._behind(f"{topic}.follower", ends, {}) == []
    assert [p.offset for p in barrier._behind(f"{topic}.follower", barrier._ends((topic,)), {})] == [1]
    group.close()


def test_the_order_of_the_stages_is_that_of_the_facts() -> None:
    found = stages(Catalog.load(), lanes=2, telemetry=True)
    assert [s.group for s in found] == [
        "chain.ingest.lane0",
        "chain.ingest.lane1",
        "chain.engine",
        "chain.sink.clickhouse",
        "chain.sink.notify",
        "chain.sink.clickhouse",
        "chain.telemetry",
        "chain.sink.telemetry",
    ]
    assert found[2].topics == (SPINE,)
    assert {"sales.lead.v1", "chain.config.v1", "chain.clock.v1"} <= set(found[0].topics)
    assert {"sales.lead.v1.dlq.v1", SPINE, "ops.alert.v1"} <= set(found[3].topics)
    assert stages(Catalog.load(), lanes=2) == found[:-2]


class Circle(Barrier):
    """A barrier whose followers are always there; the engine commands in so many rounds."""

    def __init__(self, rounds: int) -> None:
        self.rounds, self.waited = rounds, list[str]()

    def wait(self, stage: Stage, deadline: float) -> None:
        self.waited.append(stage.group)

    def _commanded(self) -> list[int]:
        return [min(self.waited.count("chain.engine"), self.rounds)]


FOLLOWERS = [Stage(group, ()) for group in ("chain.ingest.lane0", "chain.engine", "chain.sink.clickhouse")]


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_a_command_goes_round_before_the_sinks_are_asked(rounds: int) -> None:
    circle = Circle(rounds)
    circle.settle(FOLLOWERS, 0.0)
    assert circle.waited == ["chain.ingest.lane0", "chain.engine"] * (rounds + 1) + ["chain.sink.clickhouse"]


def test_rules_that_command_for_ever_are_not_waited_for_for_ever() -> None:
    circle = Circle(10**9)
    circle.settle(FOLLOWERS, 0.0)
    assert circle.waited.count("chain.engine") == 16
