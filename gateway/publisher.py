"""From a checked event to an acknowledged record. `Publisher` is the seam."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sharedchain.codec import Codec
from sharedchain.envelope import Envelope
from sharedchain.errors import ConnectionFailed, Refused
from sharedchain.outbox import Letter, Outbox, Position
from sharedchain.schemas import EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An event that passed every check, ready for its topic."""

    type: EventType
    key: bytes
    envelope: Envelope
    data: Mapping[str, Any]
    place: str = ""  # its path in the request


class Publisher(Protocol):
    async def publish(self, outgoing: Sequence[Outgoing]) -> list[Position]:
        """Returns after the broker acknowledged all, in the order given.

        Raises Refused before anything is sent if one does not fit its schema (`field` is the path in
        the request); ConnectionFailed when a peer does not answer: some may be stored, and repeating
        all is safe, because their ids are the same.
        """
        ...


class KafkaPublisher:
    """Publishes through an outbox; `patience` in seconds until the caller is told to come again."""

    def __init__(self, outbox: Outbox, codec: Codec, *, patience: float = 10.0) -> None:
        self._outbox = outbox
        self._codec = codec
        self._patience = patience

    async def publish(self, outgoing: Sequence[Outgoing]) -> list[Position]:
        letters = await asyncio.to_thread(lambda: [self._letter(one) for one in outgoing])
        try:
            async with asyncio.timeout(self._patience):
                answers = await asyncio.to_thread(lambda: [self._outbox.send(letter) for letter in letters])
                # shielded: a caller who leaves must not cancel the future that the outbox will still fill
                waits = [asyncio.shield(asyncio.wrap_future(answer)) for answer in answers]
                return list(await asyncio.gather(*waits))
        except TimeoutError:
            raise ConnectionFailed(f"Kafka did not acknowledge within {self._patience:g} s") from None
        except asyncio.CancelledError:  # uvicorn waits no longer: whoever asked is told to come again, not «500»
            raise ConnectionFailed("the gateway ends and Kafka has not acknowledged yet") from None

    def _letter(self, one: Outgoing) -> Letter:
        try:
            value = self._codec.encode(one.type, one.data)
        except Refused as refused:
            raise Refused(refused.reason, refused.text, f"{one.place}data.{refused.field}".rstrip(".")) from None
        return Letter(one.type.topic, one.key, value, one.envelope.headers(), one.envelope.id)
