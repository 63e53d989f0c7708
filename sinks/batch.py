"""What a sink writes at once, and the intent that makes writing it repeatable.

A batch is every readable record of one partition in `[start, end)`. Before it is written, `start` is committed with
the intent `{"v":1,"e":end,"ep":epoch}` as metadata; so whoever owns the partition next reads the same records again and
writes them under the same name. Read committed, `[start, end)` is the same set of records for ever: its
transactions were decided when the batch was cut.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sharedchain.envelope import Headers

Place = tuple[str, int]  # topic, partition
FIRST_EPOCH = 1  # of what has but one life, and of positions that name none


class Record(NamedTuple):
    """One Kafka record as it was read; nothing decoded. A tuple: there are hundreds of thousands a second."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int = 0  # ms at which Kafka appended it, where the topic says so


@dataclass(frozen=True, slots=True)
class Intent:
    """The promise to write `[start, end)`, in epoch `epoch` of the tables."""

    start: int
    end: int
    epoch: int

    def metadata(self) -> str:
        """What is committed beside the offset `start`."""
        return json.dumps({"v": 1, "e": self.end, "ep": self.epoch}, separators=(",", ":"))


def clean_end(end: int, epoch: int) -> str:
    """What is committed beside an offset before which all is written: an intent to write nothing."""
    return "" if epoch == FIRST_EPOCH else Intent(end, end, epoch).metadata()


def read_intent(offset: int, metadata: str | None) -> Intent:
    """The intent that a committed position carries; that of a clean end is empty.

    Raises ValueError for metadata of an unknown kind: guessing here could lose or double a batch.
    """
    if not metadata:
        return Intent(offset, offset, FIRST_EPOCH)
    said = json.loads(metadata)
    if said.get("v") != 1:
        raise ValueError(f"committed metadata {metadata!r} is of a newer version than this sink: deploy the newer one")
    return Intent(offset, said["e"], said["ep"])


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one intent, in order of offset; none at all if retention took them meanwhile."""

    place: Place
    intent: Intent
    records: tuple[Record, ...]

    @property
    def name(self) -> str:
        """`epoch:topic-partition:start-end`: same name, same records."""
        topic, partition = self.place
        return f"{self.intent.epoch}:{topic}-{partition}:{self.intent.start}-{self.intent.end}"


def cut(place: Place, buffered: Sequence[Record], epoch: int, limit: int) -> Batch:
    """A new batch of the first `limit` records of a non-empty buffer."""
    taken = tuple(buffered[:limit])
    return Batch(place, Intent(taken[0].offset, taken[-1].offset + 1, epoch), taken)


def cut_again(place: Place, pending: Intent, buffered: Sequence[Record], seen_to: int) -> Batch | None:
    """The batch of an intent found at assignment, or None until all of it has been read.

    `seen_to` is the offset up to which the log has been read (of the last record + 1, or of the log's end):
    offsets of aborted and control records are never seen, so their absence says nothing.
    """
    if seen_to < pending.end:
        return None
    return Batch(place, pending, tuple(record for record in buffered if record.offset < pending.end))
