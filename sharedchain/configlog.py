"""What the log says of the configuration: chain.config.v1, read to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, TopicPartition

from sharedchain import flow
from sharedchain.codec import Codec
from sharedchain.config import ConfigItem
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.kafka import consumer

TOPIC = "chain.config.v1"
_FINAL = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._AUTHENTICATION)
PREPARE = "prepare"  # `changed_by` of what was published from the files
_WAIT = 60.0  # seconds to read it to its end


@dataclass(frozen=True, slots=True)
class ConfigLog:
    """The items that stand, by (kind, name); `prepared`: the hash of what `prepare` told last of each."""

    items: Mapping[tuple[str, str], ConfigItem]
    prepared: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def read(cls, endpoints: Endpoints, codec: Codec) -> ConfigLog:
        """As it is now. Raises ConnectionFailed."""
        reader = consumer(endpoints, "sharedchain.configlog", **{"enable.partition.eof": True})
        last: dict[tuple[str, str], ConfigItem] = {}
        prepared: dict[tuple[str, str], str] = {}
        try:
            reader.assign([TopicPartition(TOPIC, 0, 0)])
            deadline = time.monotonic() + _WAIT
            while time.monotonic() < deadline:
                message = reader.poll(0.5)
                if message is None:
                    continue
                if (error := message.error()) is not None:
                    if error.code() == KafkaError._PARTITION_EOF:
                        return cls(last, prepared)
                    if error.code() in _FINAL:
                        raise ConnectionFailed(f"{TOPIC} on {endpoints.kafka} cannot be read: {error}")
                    continue  # a broker that is away may come back
                said = codec.decode(TOPIC, message.value()).data
                one = ConfigItem(said["kind"], said["name"], said["hash"], said["body"])
                last[one.kind, one.name] = one
                if said.get("changed_by") == PREPARE:
                    prepared[one.kind, one.name] = one.hash
        finally:
            reader.close()
        raise ConnectionFailed(f"{TOPIC} on {endpoints.kafka} could not be read to its end in {_WAIT:.0f} s")

    def overruled(self, one: ConfigItem) -> bool:
        """Whether somebody has put another version in force since this file was published (a version was promoted, or
        the one before brought back), and the file is still what it was: then the log stands."""
        key = (one.kind, one.name)
        return self.prepared.get(key) == one.hash and self.items[key].hash != one.hash

    def excused(self, event_type: str, tenant: str) -> Collection[str]:
        """Contract fields that an event of this type may lack in a tenant: its flow reports them."""
        settings = self.items.get(("tenant", tenant))
        name = json.loads(settings.body).get("flow", flow.DEFAULT) if settings else flow.DEFAULT
        item = self.items.get(("flow", name))
        profile = flow.read(item.body) if item else None
        return profile.excused(event_type) if isinstance(profile, flow.Profile) else ()
