"""Whoever writes Confluent Avro is heard: clients that know nothing of us, and events told twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from tests.chain.door import Door
from tests.streams.ingest.rig import lead

pytestmark = pytest.mark.stack
LEADS = "sales.lead.v1"
# A stranger's schema: other order, a field we do not have, none of our optional ones.
THEIRS = """{"type": "record", "name": "LeadCaptured", "namespace": "sharedchain.sales", "fields": [
  {"name": "owner_id", "type": "string"}, {"name": "their_own", "type": "int", "default": 0},
  {"name": "customer_industry", "type": "string"}, {"name": "demand_type", "type": "string"},
  {"name": "expected_amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}},
  {"name": "prospect_name", "type": "string"}, {"name": "lead_id", "type": "string"}]}"""


def stranger(door: Door, tenant: str, **settings: Any) -> None:
    """One lead by confluent-kafka's own serializer, without key; headers name the tenant only."""
    registry = SchemaRegistryClient({"url": door.endpoints.registry})
    latest = settings.pop("use_latest", False)
    conf = {"auto.register.schemas": False, "use.latest.version": True} if latest else {}
    serializer = AvroSerializer(registry, THEIRS, conf=conf)
    said = lead(f"L-{tenant}", expected_amount=Decimal("7.00"), their_own=1)
    value = serializer(said, SerializationContext(LEADS, MessageField.VALUE))
    producer = Producer({"bootstrap.servers": door.endpoints.kafka, **settings})
    producer.produce(LEADS, value, headers=[("ce_tenant", tenant.encode())])
    assert producer.flush(30) == 0


def test_a_plain_avro_serializer_registers_and_is_understood(open_door: Door, tenant: str) -> None:
    door = open_door
    stranger(door, tenant)
    door.settle(LEADS)
    (fact,) = door.spine(tenant)
    assert (fact.kind, fact.subject, fact.data["expected_amount"]) == ("fact", f"L-{tenant}", Decimal("7.00"))
    assert (fact.source, fact.type) == (f"kafka:{LEADS}", "lead.captured")
    assert (fact.data["currency"], "their_own" in fact.data) == ("CNY", False)
    stranger(door, f"{tenant}-2", use_latest=True)
    stranger(door, f"{tenant}-3", **{"compression.type": "lz4", "linger.ms": 5})
    door.settle(LEADS)
    assert [f.kind for n in "23" for f in door.spine(f"{tenant}-{n}")] == ["fact", "fact"]


def test_without_any_header_it_belongs_to_the_default_tenant(open_door: Door, tenant: str) -> None:
    door = open_door
    place = door.send(LEADS, door.encode("lead.captured", lead(f"L-{tenant}")))
    door.settle(LEADS)
    (fact,) = [f for f in door.spine("default") if f.src == place]
    assert (fact.kind, fact.tenant, fact.id) == ("fact", "default", f"lead.captured/L-{tenant}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"source": "crm", "id": "1"}, {"source": "crm", "id": "1"}, id="same-headers"),
        pytest.param({"source": "crm", "id": "1"}, {"source": "crm", "id": "1", "actor": "x"}, id="other-headers"),
        pytest.param({}, {}, id="no-headers-twice"),
        pytest.param({"source": "crm", "id": "1"}, {"source": "erp", "id": "9"}, id="two-names"),
        pytest.param({}, {"source": "crm", "id": "1"}, id="named-the-second-time"),
    ],
)
@pytest.mark.parametrize("second_partition", [0, 1])
def test_told_twice_it_is_one_fact(
    open_door: Door, tenant: str, first: dict[str, Any], second: dict[str, Any], second_partition: int
) -> None:
    door = open_door
    other = Door(door.endpoints, door.folder)  # a second producer
    door.publish("lead.captured", lead("L-1"), tenant=tenant, **first)
    other.publish("lead.captured", lead("L-1"), tenant=tenant, partition=second_partition, **second)
    door.settle(LEADS)
    assert [(f.kind, f.subject) for f in door.spine(tenant)] == [("fact", "L-1")]
