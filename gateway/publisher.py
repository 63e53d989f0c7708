"""From a checked event to an acknowledged record. `Publisher` is the seam."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from sharedchain.codec import Codec
from sharedchain.envelope import Envelope
from sharedchain.errors import ConnectionFailed, Refused
from sharedchain.schemas import EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An event that passed every check, ready for its topic."""

    type: EventType
    key: bytes
    envelope: Envelope
    data: Mapping[str, Any]
    place: str = ""  # its path in the request


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where the broker stored it, and under which id."""

    topic: str
    partition: int
    offset: int
    id: str


class Publisher(Protocol):
    async def publish(self, outgoing: Sequence[Outgoing]) -> list[Receipt]:
        """Returns after the broker acknowledged all, in the order given.

        Raises Refused before anything is sent if one does not fit its schema (`field` is the path in
        the request); ConnectionFailed when a peer does not answer: some may be stored, and repeating
        all is safe, because their ids are the same.
        """
        ...


class KafkaPublisher:
    """An idempotent producer whose acknowledgements wake the waiting requests."""

    def __init__(self, producer: Producer, codec: Codec, *, patience: float = 10.0) -> None:
        self._producer = producer
        self._codec = codec
        self._patience = patience  # seconds until the caller is told to come again
        self._ended = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="gateway-producer", daemon=True)
        self._poller.start()

    async def publish(self, outgoing: Sequence[Outgoing]) -> list[Receipt]:
        values = await asyncio.to_thread(lambda: [self._encode(one) for one in outgoing])
        try:
            answers = [self._send(one, value) for one, value in zip(outgoing, values, strict=True)]
            async with asyncio.timeout(self._patience):
                return list(await asyncio.gather(*answers))
        except TimeoutError:
            raise ConnectionFailed(f"Kafka did not acknowledge within {self._patience:g} s") from None
        except (BufferError, KafkaException) as error:
            raise ConnectionFailed(f"Kafka: {error}") from error

    def _encode(self, one: Outgoing) -> bytes:
        try:
            return self._codec.encode(one.type, one.data)
        except Refused as refused:
            raise Refused(refused.reason, refused.text, f"{one.place}data.{refused.field}".rstrip(".")) from None

    def _send(self, one: Outgoing, value: bytes) -> asyncio.Future[Receipt]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Receipt] = loop.create_future()

        def acknowledged(error: KafkaError | None, message: Message) -> None:
            loop.call_soon_threadsafe(_settle, answer, error, message, one.envelope.id)

        headers: list[tuple[str, str | bytes | None]] = [*one.envelope.headers()]
        self._producer.produce(one.type.topic, value=value, key=one.key, headers=headers, on_delivery=acknowledged)
        return answer

    def close(self) -> None:
        """Send what is queued, at most `patience` seconds, and end the poller."""
        self._producer.flush(self._patience)
        self._ended.set()
        self._poller.join()

    def _poll(self) -> None:
        while not self._ended.is_set():
            self._producer.poll(0.2)


def _settle(answer: asyncio.Future[Receipt], error: KafkaError | None, message: Message, event_id: str) -> None:
    if answer.done():
        return  # the caller gave up; the same id makes a repetition harmless
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    if error is not None or topic is None or partition is None or offset is None:
        answer.set_exception(ConnectionFailed(f"Kafka refused the record: {error}"))
    else:
        answer.set_result(Receipt(topic=topic, partition=partition, offset=offset, id=event_id))
