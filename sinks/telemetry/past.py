"""What one partition's log said shortly before an offset: read when a partition comes, to know repetitions again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from confluent_kafka import Consumer, KafkaException, TopicPartition

from sharedchain.endpoints import Endpoints
from sharedchain.errors import ConnectionFailed
from sharedchain.kafka import consumer
from sharedchain.tail import READER, batches
from sinks.batch import Place, Record
from sinks.reading import record_of

_PATIENCE = 30.0  # seconds for an answer of the broker
_MANY = 10_000  # records at once: what bounds the memory


class Past:
    """Asks the log itself, with a reader of its own for each question."""

    def __init__(self, reader: Callable[[], Consumer]) -> None:
        self._reader = reader

    @classmethod
    def of(cls, endpoints: Endpoints, group: str) -> Past:
        """That of the Kafka of these endpoints; `group` is a name for its brokers only."""
        return cls(partial(consumer, endpoints, group, **READER))

    def between(self, place: Place, since: int, until: int) -> Iterator[list[Record]]:
        """Committed records of the offsets before `until` that Kafka got at `since` (ms) or later, a few thousand at a
        time. Raises ConnectionFailed."""
        reader = self._reader()
        try:
            (start,) = reader.offsets_for_times([TopicPartition(*place, since)], timeout=_PATIENCE)
            if start.error is not None:
                raise ConnectionFailed(f"{place[0]}/{place[1]}: {start.error}")
            if 0 <= start.offset < until:
                for some in batches(reader, start, until, _MANY):
                    yield [record_of(place, message) for message in some]
        except KafkaException as error:
            raise ConnectionFailed(f"{place[0]}/{place[1]}: {error.args[0]}") from error
        finally:
            reader.close()
