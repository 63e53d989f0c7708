"""A home of which only the spine is left: everything else follows from it.

The engine folds the spine from its first record and publishes again what it decides, under the same ids; the sink fills
the tables; what ingest derives is published again from the spine. Nobody is told: the notifier begins at the end.
Not functions of the spine, and gone: the published bytes, the dead letters' bytes, what became of notifications.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from confluent_kafka import Consumer, Producer, TopicPartition

from deploy.local.backup.cut import LOG
from deploy.local.plan import ALL
from deploy.local.stack import Stack
from sharedchain.barrier import ALERT, NOTIFY, Barrier, stages_of
from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.kafka import consumer, producer, quiet_admin
from sharedchain.lag import ends_of
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import PARTITIONS, SPINE
from sharedchain.spine import read_fact_from
from sharedchain.tail import READER, records

_KEPT = ("__cluster_metadata", SPINE, "kafkasql-journal")  # what Kafka is, the facts, and the schemas to read them by
_SILENT = ("notify", "postbox", "gateway")
_PATIENCE = 3600.0  # seconds to fold the whole spine and store what follows
_WAIT = 30.0


def of_the_spine(name: str) -> bool:
    """Whether a file of a backup belongs to the spine, to its schemas, or to the home itself."""
    path = PurePosixPath(name)
    if not path.is_relative_to(LOG.as_posix()) or path.parent == PurePosixPath(LOG.as_posix()):
        return "checkpoint" not in path.name or path.name == "bootstrap.checkpoint"
    return path.parent.name.rpartition("-")[0] in _KEPT


@contextmanager
def anew(home: Path, lanes: int) -> Iterator[Endpoints]:
    """The chain of such a `home`, all of it made again, running but for those that speak to people."""
    with Stack(home, parts=tuple(part for part in ALL if part not in _SILENT), ingests=lanes) as endpoints:
        _publish_again(endpoints)
        deadline = time.monotonic() + _PATIENCE
        with Barrier(endpoints) as barrier:
            known = stages_of(endpoints, Catalog.load())
            told = (stage for stage in known if stage.group != NOTIFY)
            barrier.settle(list(told), deadline)
        _tell_nobody(endpoints)
        yield endpoints


def _publish_again(endpoints: Endpoints) -> None:
    """The live topics that ingest writes: the twins of facts that it derived."""
    codec, writer = Codec(Registry.of(endpoints), Catalog.load()), producer(endpoints)
    reader = consumer(endpoints, "chain.anew", **READER)
    try:
        for partition in range(PARTITIONS):
            _twins(codec, reader, writer, partition)
    finally:
        reader.close()
    if writer.flush(_WAIT):
        raise ConnectionFailed(f"Kafka at {endpoints.kafka} does not take what is published again")


def _twins(codec: Codec, reader: Consumer, writer: Producer, partition: int) -> None:
    types, topics = codec.catalog.types, codec.catalog.topics
    for seen in records(reader, SPINE, partition, None):
        fact = read_fact_from(codec, partition=partition, offset=seen.offset, headers=seen.headers, value=seen.value)
        kind = types.get(fact.type)
        if kind is None or fact.kind != "fact" or topics[kind.topic].derived != "ingest":
            continue
        key = kind.key_of(fact.scope, fact.data)
        while True:
            try:
                writer.produce(kind.topic, seen.value, key, partition, headers=seen.headers)
                break
            except BufferError:
                writer.poll(0.01)


def _tell_nobody(endpoints: Endpoints) -> None:
    """All alerts that there are were told long ago."""
    places = [(ALERT, p) for p in range(PARTITIONS)]
    ends = ends_of(quiet_admin(endpoints, _WAIT), places, _WAIT)
    told = consumer(endpoints, NOTIFY)
    try:
        told.commit(offsets=[TopicPartition(*place, end) for place, end in ends.items()], asynchronous=False)
    finally:
        told.close()
