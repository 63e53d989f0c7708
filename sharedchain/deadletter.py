"""A dead letter: the refused record as it was published, and why it was refused.

Its record key is «topic/partition/offset» of the refused record, its value the published bytes. Its
headers are the published ones (the first `sc_headers` of them), then Kafka Connect's
`__connect.errors.*`, then `sc_reason|field|text|tenant|source|type|id|subject|owner|recorded|refusal`
and, where there was one, the published key as `sc_key`. The last of equal names counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.kafka import quiet_consumer
from sharedchain.schemas import Topic

_WAIT = 30.0  # seconds without an answer of the brokers


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`position` is the refused record's place, `recorded` the scope's time of the refusal (ms)."""

    position: str
    topic: str
    tenant: str
    reason: str
    field: str
    text: str
    source: str
    type: str
    id: str
    subject: str
    owner: str
    recorded: int
    refusal: str
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None


def read(message: Message) -> DeadLetter:
    """A consumed record of a `….dlq.v1` topic. What it does not say stays empty: never an error."""
    headers = tuple((name, v.encode() if isinstance(v, str) else v) for name, v in _pairs(message.headers()))
    said = dict(headers)

    def text(name: str) -> str:
        return (said.get(f"sc_{name}") or b"").decode(errors="replace")

    count = text("headers")
    key, value = message.key(), message.value()
    position = key.decode(errors="replace") if isinstance(key, bytes) else str(key or "")
    return DeadLetter(
        position=position,
        topic=str(message.topic()).removesuffix(".dlq.v1"),
        tenant=text("tenant"),
        reason=text("reason"),
        field=text("field"),
        text=text("text"),
        source=text("source"),
        type=text("type"),
        id=text("id"),
        subject=text("subject"),
        owner=text("owner"),
        recorded=int(text("recorded")) if text("recorded").isdecimal() else 0,
        refusal=text("refusal"),
        key=said.get("sc_key"),
        headers=headers[: int(count)] if count.isdecimal() else headers,
        value=value.encode() if isinstance(value, str) else value,
    )


def read_all(endpoints: Endpoints, topics: Iterable[Topic]) -> list[DeadLetter]:
    """Every dead letter of these topics, oldest first. Raises ConnectionFailed."""
    reader = quiet_consumer(endpoints, "sharedchain.dlq", enable_partition_eof=True, fetch_wait_max_ms=10)
    try:
        known = reader.list_topics(timeout=_WAIT).topics
        places = [(t.dlq, p) for t in topics if t.dlq in known for p in known[t.dlq].partitions]
        reader.assign([TopicPartition(topic, p, 0) for topic, p in places])
        left, found = set(places), list[Message]()
        while left:
            message = reader.poll(_WAIT)
            if message is None:
                raise ConnectionFailed(f"Kafka at {endpoints.kafka} does not answer")
            if not (error := message.error()):
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard((str(message.topic()), int(message.partition() or 0)))
            else:
                raise KafkaException(error)
    except KafkaException as error:
        raise ConnectionFailed(f"Kafka at {endpoints.kafka}: {error.args[0].str()}") from error
    finally:
        reader.close()
    return [read(m) for m in sorted(found, key=lambda m: m.timestamp()[1])]


def _pairs(headers: object) -> Iterable[tuple[str, str | bytes | None]]:
    return headers if isinstance(headers, list) else ()
