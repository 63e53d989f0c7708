"""Reading a stretch of one partition: committed records only, up to the end as it is now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from sharedchain.errors import ConnectionFailed

READER: dict[str, Any] = {"enable.partition.eof": True, "fetch.wait.max.ms": 10}  # what a consumer for this needs
_PATIENCE = 30.0  # seconds without any answer of the broker


class Seen(NamedTuple):
    """A record as it was read; the same attributes as the seam's Record."""

    offset: int
    headers: list[tuple[str, Any]]
    value: bytes
    timestamp: int = 0


def records(reader: Consumer, topic: str, partition: int, start: int | None) -> Iterator[Seen]:
    """The committed records from offset `start` (None = the beginning) to the end of the log.

    `reader` is a `read_committed` consumer with the settings READER. Raises ConnectionFailed when
    the broker is silent for 30 seconds.
    """
    reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING if start is None else start)])
    silent_since = time.monotonic()
    while True:
        found = reader.consume(1000, 0.05)
        for message in found:
            error = message.error()
            if error is None:
                headers = [*(message.headers() or ())]
                yield Seen(message.offset() or 0, headers, message.value() or b"", message.timestamp()[1])
            elif error.code() == KafkaError._PARTITION_EOF:
                return
            elif not error.retriable():
                raise ConnectionFailed(f"cannot read {topic}/{partition}: {error}")
        if found:
            silent_since = time.monotonic()
        elif time.monotonic() - silent_since > _PATIENCE:
            raise ConnectionFailed(f"{topic}/{partition}: no answer for {_PATIENCE:.0f} s while reading it")
