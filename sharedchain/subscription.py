"""Reading a topic as decoded updates: every partition, no consumer group, nothing committed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from sharedchain.codec import Codec
from sharedchain.contract import read_event
from sharedchain.envelope import Envelope, read_headers
from sharedchain.errors import ConnectionFailed
from sharedchain.events import Event
from sharedchain.schemas import EventType
from sharedchain.spine import RawHeaders

_BATCH = 500
_WAIT = 10.0  # seconds for an answer of the brokers
_MOVING = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)


@dataclass(frozen=True, slots=True)
class Update:
    """One record of a topic: its envelope, its payload in Avro values, and its place."""

    kind: EventType
    envelope: Envelope
    data: dict[str, Any]
    topic: str
    partition: int
    offset: int

    @property
    def type(self) -> str:
        return self.kind.name

    def event(self) -> Event:
        """The payload as its model. Raises Refused if it breaks the contract, as a foreign record may."""
        return read_event(self.kind, self.data)


class Subscription:
    """Updates of one topic, in order per partition; committed records only. Iterate it, `for` or `async for`.

    It begins at the end that the topic has when it is made, or at its beginning. Raises
    ConnectionFailed; a record that does not decode raises Refused, and the next call goes on behind it.
    """

    def __init__(self, reader: Consumer, codec: Codec, topic: str, *, from_beginning: bool = False) -> None:
        self._reader, self._codec, self.topic = reader, codec, topic
        self._ready: deque[Message] = deque()
        try:
            known = reader.list_topics(topic, timeout=_WAIT).topics[topic]
            if known.error is not None:
                raise ConnectionFailed(f"topic {topic}: {known.error.str()}")
            places = [TopicPartition(topic, p, OFFSET_BEGINNING) for p in known.partitions]
            if not from_beginning:
                for place in places:
                    place.offset = _end(reader, place)
            reader.assign(places)
        except KafkaException as error:
            raise ConnectionFailed(f"Kafka does not answer for {topic}: {error.args[0].str()}") from None

    def poll(self, timeout: float) -> Update | None:
        """The next update within `timeout` seconds, else None."""
        if not self._ready:
            first = self._reader.poll(timeout)
            if first is None:
                return None
            self._ready.append(first)
            self._ready.extend(self._reader.consume(_BATCH, 0))  # what is there; waiting for more would delay the first
        return self._read(self._ready.popleft())

    def close(self) -> None:
        self._reader.close()

    def __iter__(self) -> Iterator[Update]:
        while True:
            if (update := self.poll(0.5)) is not None:
                yield update

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Update:
        while True:
            update = self.poll(0) if self._ready else await asyncio.to_thread(self.poll, 0.2)
            if update is not None:
                return update

    def _read(self, message: Message) -> Update | None:
        if (error := message.error()) is not None:
            if error.code() == KafkaError._PARTITION_EOF or error.retriable():
                return None
            raise ConnectionFailed(f"reading {self.topic}: {error.str()}")
        found = self._codec.decode_ours(message.value())
        envelope = read_headers(cast(RawHeaders, message.headers()))
        place = (str(message.topic()), int(message.partition() or 0), int(message.offset() or 0))
        return Update(found.type, envelope, found.data, *place)


def _end(reader: Consumer, place: TopicPartition) -> int:
    """The end of a partition, asked again while its leader moves."""
    until = time.monotonic() + _WAIT
    while True:
        try:
            return int(reader.get_watermark_offsets(place, timeout=_WAIT)[1])
        except KafkaException as error:
            if (not error.args[0].retriable() and error.args[0].code() not in _MOVING) or time.monotonic() > until:
                raise
