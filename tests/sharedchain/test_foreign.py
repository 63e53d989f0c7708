"""Clients that never heard of us: what they publish through real Kafka and registry is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from confluent_kafka import Message, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from sharedchain.codec import Codec, Decoded
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed, Refused
from sharedchain.kafka import consumer, create_topics
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.spine import Message as Consumed

pytestmark = pytest.mark.stack
CATALOG = Catalog.load()
TOPIC = "sales.lead.v1"
LEAD = CATALOG.types["lead.captured"]
DATA = {"lead_id": "LEAD-F", "customer_industry": "汽车", "expected_amount": Decimal("48000000.00"), "owner_id": "E001"}
Publish = Callable[..., Message]


@pytest.fixture
def publish(broker: Endpoints) -> Publish:
    """Publish one record as a plain client does, and give it back as consumed."""
    create_topics(broker, CATALOG)

    def go(value: bytes | None, **settings: Any) -> Message:
        producer = Producer({"bootstrap.servers": broker.kafka, **settings})
        placed: list[TopicPartition] = []

        def told(error: object, message: Message) -> None:
            assert error is None
            placed.append(TopicPartition(TOPIC, message.partition() or 0, message.offset() or 0))

        producer.produce(TOPIC, value, on_delivery=told)
        producer.flush(10)
        reader = consumer(broker, "test.foreign")
        reader.assign(placed)
        message = reader.poll(10)
        reader.close()
        assert message is not None
        assert message.error() is None
        return message

    return go


@pytest.fixture
def codec(broker: Endpoints) -> Codec:
    return Codec(Registry(broker.registry), CATALOG)


def serialized(broker: Endpoints, schema: dict[str, Any], data: dict[str, Any], **conf: Any) -> bytes:
    client = SchemaRegistryClient({"url": broker.registry})
    write = AvroSerializer(client, json.dumps(schema), conf=conf)
    value = write(data, SerializationContext(TOPIC, MessageField.VALUE))
    assert isinstance(value, bytes)
    return value


def read(codec: Codec, message: Consumed) -> Decoded:
    return codec.decode(TOPIC, message.value())


def expected(data: dict[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(f["name"] for f in LEAD.schema["fields"]), "currency": "CNY", **data}


def test_a_plain_serializer_that_registers_its_own_subject(broker: Endpoints, codec: Codec, publish: Publish) -> None:
    message = publish(serialized(broker, dict(LEAD.schema), DATA))
    assert f"{TOPIC}-value" in httpx2.get(f"{broker.registry}/subjects").json()
    assert message.key() is None
    assert message.headers() is None
    assert read(codec, message).data == expected(DATA)


def test_a_serializer_that_uses_the_latest_version_and_registers_nothing(
    broker: Endpoints, codec: Codec, publish: Publish
) -> None:
    Registry(broker.registry).register(f"{TOPIC}-value", LEAD.schema_text)
    conf = {"auto.register.schemas": False, "use.latest.version": True}
    message = publish(serialized(broker, dict(LEAD.schema), DATA, **conf))
    assert read(codec, message).data == expected(DATA)


def test_lz4_and_an_older_schema_of_their_own(broker: Endpoints, codec: Codec, publish: Publish) -> None:
    own = deepcopy(dict(LEAD.schema))
    own["fields"] = [f for f in own["fields"] if f["name"] in ("lead_id", "owner_id")]
    for field in own["fields"]:
        del field["doc"]
    conf = {"subject.name.strategy": lambda context, name: f"legacy-{name}"}
    value = serialized(broker, own, {"lead_id": "L", "owner_id": "E"}, **conf)
    message = publish(value, **{"compression.type": "lz4"})
    assert read(codec, message).data == expected({"lead_id": "L", "owner_id": "E"})


def test_ours_and_theirs_under_two_subjects_are_one_type(broker: Endpoints, codec: Codec, publish: Publish) -> None:
    ours = publish(codec.encode(LEAD, DATA))
    theirs = publish(serialized(broker, dict(LEAD.schema), DATA))
    assert read(codec, ours).data == read(codec, theirs).data
    assert read(codec, ours).type is read(codec, theirs).type is LEAD


def test_a_type_that_no_topic_declares_is_refused_by_name(broker: Endpoints, codec: Codec, publish: Publish) -> None:
    stolen = {**LEAD.schema, "name": "LeadStolen"}
    conf = {"subject.name.strategy": lambda context, name: f"stolen-{name}"}
    message = publish(serialized(broker, stolen, DATA, **conf))
    with pytest.raises(Refused, match=r"sharedchain\.sales\.LeadStolen"):
        read(codec, message)


def test_an_id_the_registry_never_gave_and_a_tombstone(codec: Codec, publish: Publish) -> None:
    for value, reason in ((b"\0\x7f\xff\xff\xff\x02L", "unknown_schema"), (None, "tombstone")):
        with pytest.raises(Refused) as caught:
            read(codec, publish(value))
        assert caught.value.reason == reason


def test_a_registry_that_is_not_there_refuses_nobody(broker: Endpoints, codec: Codec, publish: Publish) -> None:
    message = publish(serialized(broker, dict(LEAD.schema), DATA))
    away = Codec(Registry("http://127.0.0.1:9/apis/ccompat/v7"), CATALOG)
    with pytest.raises(ConnectionFailed, match="127"):
        read(away, message)
