"""Live forecasts from their topic, for one tenant. `Feed` is the seam."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, Message, TopicPartition

from sharedchain.codec import Codec
from sharedchain.errors import ConnectionFailed, Refused
from sharedchain.scope import partition_of
from sharedchain.spine import read_derived_from

_log = logging.getLogger(__name__)
LIVE = "sales.forecast.live.v1"
_POLL = 0.5  # seconds; how soon an idle stream notices that its reader has gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One event of the live topic; `positions` is where the stream stands after it."""

    positions: Mapping[int, int]
    type: str
    id: str
    data: Mapping[str, Any]


class Feed(Protocol):
    def follow(self, tenant: str, after: Mapping[int, int], *, beginning: bool) -> AsyncIterator[Update | None]:
        """Updates of `tenant` after the given positions (none: from now on, or from the beginning).

        Yields None about twice a second while nothing happens. Raises ConnectionFailed.
        """
        ...


class KafkaFeed:
    """A consumer for each stream: it assigns one partition and commits nothing."""

    def __init__(self, consumer: Callable[[], Consumer], codec: Codec) -> None:
        self._consumer = consumer
        self._codec = codec

    async def follow(self, tenant: str, after: Mapping[int, int], *, beginning: bool) -> AsyncIterator[Update | None]:
        partition = partition_of(tenant)  # a derived event lies in the partition of its scope
        start = after[partition] + 1 if partition in after else OFFSET_BEGINNING if beginning else OFFSET_END
        consumer = await asyncio.to_thread(self._consumer)
        try:
            consumer.assign([TopicPartition(LIVE, partition, start)])
            while True:
                messages = await asyncio.to_thread(consumer.consume, 64, _POLL)
                if not messages:
                    yield None
                for message in messages:
                    update = self._update(message, tenant)
                    if update is not None:
                        yield update
        finally:
            await asyncio.shield(asyncio.to_thread(consumer.close))

    def _update(self, message: Message, tenant: str) -> Update | None:
        error = message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                return None
            raise ConnectionFailed(f"Kafka, topic {LIVE}: {error.str()}")
        partition, offset = message.partition(), message.offset()
        if partition is None or offset is None or message.value() is None:
            return None
        headers: Any = message.headers()  # a list of pairs; the client's stub also allows a dict
        try:
            derived = read_derived_from(self._codec, headers=headers, value=message.value())
        except Refused as refused:
            _log.warning("%s/%d/%d is no derived event: %s", LIVE, partition, offset, refused)
            return None
        if derived.scope != tenant:
            return None
        return Update(positions={partition: offset}, type=derived.type, id=derived.id, data=derived.data)
