"""Reading a stretch of one partition: committed records only, up to the end as it is now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

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
    for some in batches(reader, TopicPartition(topic, partition, OFFSET_BEGINNING if start is None else start)):
        for message in some:
            headers = [*(message.headers() or ())]
            yield Seen(message.offset() or 0, headers, message.value() or b"", message.timestamp()[1])


def batches(
    reader: Consumer, start: TopicPartition, until: int | None = None, many: int = 1000
) -> Iterator[list[Message]]:
    """The same, `many` at once, and before offset `until` where one is given."""
    reader.assign([start])
    place, heard = f"{start.topic}/{start.partition}", time.monotonic()
    while True:
        found, over = reader.consume(many, 0.05), False
        some: list[Message] = []
        for message in found:
            error = message.error()
            if error is None and (until is None or (message.offset() or 0) < until):
                some.append(message)
            elif error is None or error.code() == KafkaError._PARTITION_EOF:
                over = True
                break
            elif not error.retriable():
                raise ConnectionFailed(f"cannot read {place}: {error}")
        if some:
            yield some
        if over or (some and until is not None and (some[-1].offset() or 0) + 1 >= until):
            return
        if found:
            heard = time.monotonic()
        elif time.monotonic() - heard > _PATIENCE:
            raise ConnectionFailed(f"{place}: no answer for {_PATIENCE:.0f} s while reading it")
