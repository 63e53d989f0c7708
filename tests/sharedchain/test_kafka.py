"""Topics and clients against a real broker."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import ConfigResource, ResourceType  # type: ignore[attr-defined]

from sharedchain.endpoints import Endpoints
from sharedchain.kafka import admin, consumer, create_topics, fatal_cause, transactional_producer
from sharedchain.schemas import Catalog
from sharedchain.scope import SPINE

pytestmark = pytest.mark.stack
CATALOG = Catalog.load()


def test_every_topic_is_made_once_with_what_its_file_says(broker: Endpoints) -> None:
    create_topics(broker, CATALOG)
    assert create_topics(broker, CATALOG) == []
    client = admin(broker)
    there = client.list_topics(timeout=10).topics
    for topic in CATALOG.topics.values():
        assert len(there[topic.name].partitions) == topic.partitions
        assert (topic.dlq in there) == topic.ingest
    resource = ConfigResource(ResourceType.TOPIC, SPINE)
    said = client.describe_configs([resource])[resource].result(10)
    assert said["retention.ms"].value == "-1"
    assert said["cleanup.policy"].value == "delete"


def test_an_aborted_record_is_seen_by_nobody(broker: Endpoints) -> None:
    create_topics(broker, CATALOG)
    topic = "chain.snapshot.v1"
    writer = transactional_producer(broker, "test.kafka")
    writer.init_transactions(10)
    for value, keep in ((b"aborted", False), (b"committed", True)):
        writer.begin_transaction()
        writer.produce(topic, value, b"key", partition=5)
        writer.flush(10)
        if keep:
            writer.commit_transaction(10)
        else:
            writer.abort_transaction(10)
    reader = consumer(broker, "test.kafka", enable_partition_eof=True)
    reader.assign([TopicPartition(topic, 5, 0)])
    seen = []
    while (message := reader.poll(10)) is not None and message.error() is None:
        seen.append(message.value())
    reader.close()
    assert seen == [b"committed"]


def test_a_fenced_producer_says_so_whatever_produce_says(broker: Endpoints) -> None:
    create_topics(broker, CATALOG)
    old = transactional_producer(broker, "test.fenced")
    old.init_transactions(10)
    old.begin_transaction()
    transactional_producer(broker, "test.fenced").init_transactions(10)
    old.produce("chain.snapshot.v1", b"late", key=b"k")
    with pytest.raises(KafkaException, match=r"_FENCED"):
        old.poll(30)
    with pytest.raises(KafkaException, match=r"_FATAL") as raised:
        old.produce("chain.snapshot.v1", b"later", key=b"k")
    assert fatal_cause(old, raised.value).args[0].code() == KafkaError._FENCED
    other = KafkaException(KafkaError(KafkaError._TIMED_OUT))
    assert fatal_cause(old, other) is other
