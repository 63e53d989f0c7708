"""How a lane finds its footing: its cache, brought up to the end of the spine.

Order matters: the lane has called `init_transactions` already, so its predecessor's transaction is
complete and nobody else writes these partitions; the end taken now is the end.
"""

from __future__ import annotations

from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.errors import SharedChainError
from sharedchain.fact import Fact
from sharedchain.kafka import consumer
from sharedchain.scope import SPINE
from sharedchain.spine import read_fact
from streams.ingest import scopes
from streams.ingest.book import Journal
from streams.ingest.disk import Mark
from streams.ingest.fold import fold
from streams.ingest.store import Store

_CHUNK = 5000


class Torn(SharedChainError):
    """The spine itself has a gap: nobody may write behind it."""


def recover(endpoints: Endpoints, codec: Codec, store: Store, owned: tuple[int, ...]) -> int:
    """Fold what the cache lacks of the owned partitions; the number of records read.

    A cache that does not fit this spine (another one, or ahead of it) is cleared and built anew.
    Raises Torn when `seq` is not gapless.
    """
    reader = consumer(endpoints, "chain.ingest.recovery", **{"enable.partition.eof": True, "fetch.wait.max.ms": 10})
    try:
        if not _fits(reader, store, owned):
            store.clear()
        return _follow(reader, codec, store, owned)
    finally:
        reader.close()


def _fits(reader: Consumer, store: Store, owned: tuple[int, ...]) -> bool:
    marks = store.marks()
    if set(marks) - set(owned):
        return False  # the lanes were cut anew
    for partition, mark in marks.items():
        low, high = reader.get_watermark_offsets(TopicPartition(SPINE, partition), timeout=20)
        if not low <= mark.offset < high:
            return False
        there = read_at(reader, SPINE, partition, mark.offset)
        said: dict[str, Any] = dict(there.headers() or ()) if there else {}
        if (said.get("sc_seq"), said.get("ce_id")) != (str(mark.seq).encode(), mark.id.encode()):
            return False
    return True


def read_at(reader: Consumer, topic: str, partition: int, offset: int) -> Message | None:
    """The record at exactly this place; None when retention or a transaction's end took it."""
    reader.assign([TopicPartition(topic, partition, offset)])
    while True:
        message = reader.poll(30.0)
        if message is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{topic}/{partition}/{offset}"))
        error = message.error()
        if error is None:
            return message if message.offset() == offset else None
        if error.code() in (KafkaError._PARTITION_EOF, KafkaError.OFFSET_OUT_OF_RANGE):
            return None
        raise KafkaException(error)


def _follow(reader: Consumer, codec: Codec, store: Store, owned: tuple[int, ...]) -> int:
    marks = store.marks()
    start = {p: marks[p].offset + 1 if p in marks else OFFSET_BEGINNING for p in owned}
    reader.assign([TopicPartition(SPINE, p, offset) for p, offset in start.items()])
    journal, left, count, fresh = Journal(store), set(owned), 0, dict[int, Mark]()
    while left:
        for message in reader.consume(_CHUNK, 0.05):
            error = message.error()
            if error is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                left.discard(int(message.partition() or 0))
                continue
            fact = read_fact(codec, message)
            _take(journal, codec, fact, bytes(message.value() or b""))
            fresh[fact.partition] = Mark(fact.seq, fact.offset, fact.id)
            count += 1
        if fresh and (len(journal.values) + len(journal.identities) > _CHUNK or not left):
            store.adopt(journal, fresh)
            store.write()
            journal, fresh = Journal(store), {}
    return count


def _take(journal: Journal, codec: Codec, fact: Fact, value: bytes) -> None:
    have = scopes.head(journal, fact.partition).seq
    if fact.seq != have + 1:
        raise Torn(
            f"{SPINE}/{fact.partition} at offset {fact.offset} has seq {fact.seq} behind {have}: "
            "a record is lost or doubled; restore the spine before ingest may write"
        )
    fold(journal, codec.catalog.types, fact, value)
