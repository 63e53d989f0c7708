"""A source system that knows nothing of our SDK: confluent-kafka and its unmodified AvroSerializer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from confluent_kafka import KafkaError, Message, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.kafka import access
from sharedchain.schemas import Catalog, EventType


class Publisher:
    """Publishes plain Avro records and waits for every acknowledgement in `flush`."""

    def __init__(self, endpoints: Endpoints, catalog: Catalog) -> None:
        self._producer = Producer({**access(endpoints), "enable.idempotence": True, "acks": "all", "linger.ms": 2})
        self._registry = SchemaRegistryClient(_registry(endpoints))
        self._catalog = catalog
        self._serializers: dict[str, AvroSerializer] = {}
        self._failed: list[str] = []

    def send(self, name: str, data: Mapping[str, Any], headers: list[tuple[str, bytes]], key: str) -> None:
        """Hand one event of type `name` to Kafka; `data` as JSON would hold it."""
        kind = self._catalog.types[name]
        value = self._serializer(kind)(
            avro_value(kind.schema, data), SerializationContext(kind.topic, MessageField.VALUE)
        )
        self._producer.produce(kind.topic, value=value, key=key, headers=list(headers), on_delivery=self._delivered)

    def flush(self) -> None:
        """Return when all is acknowledged. Raises ConnectionFailed when something is not."""
        left = self._producer.flush(30)
        if left or self._failed:
            raise ConnectionFailed(f"Kafka did not take {left + len(self._failed)} records: {self._failed[:1]}")

    def close(self) -> None:
        self._producer.close()

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed.append(str(error))

    def _serializer(self, kind: EventType) -> AvroSerializer:
        if kind.name not in self._serializers:
            self._serializers[kind.name] = AvroSerializer(
                self._registry,
                json.dumps(kind.schema),
                conf={
                    "auto.register.schemas": False,
                    "use.latest.version": True,
                    "subject.name.strategy": topic_record_subject_name_strategy,
                },
            )
        return self._serializers[kind.name]


def _registry(endpoints: Endpoints) -> dict[str, Any]:
    """How the registry is entered, in the client's own words."""
    said = endpoints.registry_access
    found: dict[str, Any] = {"url": endpoints.registry}
    if said.ca is not None:
        found["ssl.ca.location"] = str(said.ca)
    if said.login is not None:
        found["basic.auth.user.info"] = f"{said.login.user}:{said.login.password.get_secret_value()}"
    return found


def avro_value(schema: Any, value: Any) -> Any:
    """A JSON-like value in the Python types that Avro's logical types want, by `schema`."""
    if value is None:
        return None
    if isinstance(schema, list):
        return avro_value(next(s for s in schema if s != "null"), value)
    if not isinstance(schema, Mapping):
        return value
    match schema.get("logicalType") or schema["type"]:
        case "decimal":
            return Decimal(str(value)).quantize(Decimal(1).scaleb(-int(schema.get("scale", 0))))
        case "date":
            return value if isinstance(value, date) else date.fromisoformat(value)
        case "timestamp-millis":
            return value if isinstance(value, datetime) else datetime.fromisoformat(value)
        case "record":
            return {f["name"]: avro_value(f["type"], value[f["name"]]) for f in schema["fields"] if f["name"] in value}
        case "array":
            return [avro_value(schema["items"], v) for v in value]
        case "map":
            return {k: avro_value(schema["values"], v) for k, v in value.items()}
        case str():
            return value
        case nested:
            return avro_value(nested, value)
