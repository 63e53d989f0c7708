"""Snapshots: the state of one spine partition as records of `chain.snapshot.v1`.

A snapshot is written in the transaction that decides its last fact, so it is there whole or not at
all, and never ahead of the decided offset. Its chunks carry all they need in one header.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import Consumer, TopicPartition

from sharedchain import canonical
from sharedchain.spine import Record
from sharedchain.tail import Seen, records

HEADER = "sc_snapshot"
_CHUNK = 512 * 1024  # bytes of a record's value: half of Kafka's default limit
_WINDOW = 64  # records looked at from the end, doubled until a whole snapshot is found


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """State after the fact `seq`; `offset` is the spine position behind it; `core` made it."""

    partition: int
    seq: int
    offset: int
    core: str
    body: bytes


def chunks(snapshot: Snapshot, topic: str) -> list[Record]:
    """The records of a snapshot, keyed `engine/<chunk>`, compressed."""
    packed = zlib.compress(snapshot.body, 1)
    pieces = [packed[at : at + _CHUNK] for at in range(0, len(packed), _CHUNK)]
    return [
        Record(
            topic=topic,
            partition=snapshot.partition,
            key=f"engine/{nth}".encode(),
            value=piece,
            headers=[(HEADER, _header(snapshot, nth, len(pieces)))],
        )
        for nth, piece in enumerate(pieces)
    ]


def _header(snapshot: Snapshot, nth: int, of: int) -> bytes:
    said = {"seq": snapshot.seq, "offset": snapshot.offset, "core": snapshot.core, "chunk": nth, "chunks": of}
    return canonical.dumps(said).encode()


def newest(messages: Iterable[Seen], partition: int, core: str, offset: int) -> Snapshot | None:
    """The latest whole snapshot of `core` at or before the spine `offset`, or None."""
    pieces: dict[tuple[int, int, int], dict[int, bytes]] = {}
    for message in messages:
        said = json.loads(dict(message.headers)[HEADER])
        if said["core"] == core and said["offset"] <= offset:
            pieces.setdefault((said["offset"], said["seq"], said["chunks"]), {})[said["chunk"]] = message.value
    whole = [place for place, found in pieces.items() if len(found) == place[2]]
    if not whole:
        return None
    at, seq, of = max(whole)
    packed = b"".join(pieces[at, seq, of][nth] for nth in range(of))
    return Snapshot(partition=partition, seq=seq, offset=at, core=core, body=zlib.decompress(packed))


def load(reader: Consumer, topic: str, partition: int, core: str, offset: int) -> Snapshot | None:
    """`newest` over the topic itself, read from its end backwards in growing windows."""
    low, high = reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
    window = _WINDOW
    while low < high:
        start = max(low, high - window)
        found = newest(records(reader, topic, partition, start), partition, core, offset)
        if found is not None or start == low:
            return found
        window *= 2
    return None
