"""Faust, mended: every override of Faust that the engines rest on, and nothing else.

What is mended, and what it costs when it is not (measured: `docs/decisions/0002`):

- *slices*: one event per fetched partition slice instead of one per record (`SliceSchema`).
- *read_committed*: Faust hands aborted records to agents and has no setting for it.
- *fetch wait*: Faust fixes 1,500 ms; one empty partition then holds up all others for that long.
- *commits*: Faust commits past what is in flight, and on transactional topics its position crawls.
- *recovery race*: Faust clears its queues after it has let the fetcher run: records vanish.
- *first positions*: in a rebalance Faust drops what a fetch brings and reads it again from the committed positions;
  where nothing is committed yet it does not: there it is lost, and committed past.
- *producer*: idempotent; Faust's default is not.
- *records*: aiokafka makes a frozen dataclass of each record, which costs more than reading it; here it is a tuple.
- *batches*: opening each of them record by record is most of what reading costs; an agent may have them closed.
- *errors of the group*: aiokafka keeps one until somebody fetches, which Faust does not before it has partitions: a
  join that a dying broker answers with an unknown error was the last one. Here the member joins again.
- *guard*: Faust starts an `app.task` behind the first recovery, and never if asked to stop before that.

Per-event agents, Tables and acks stay Faust's. Use: `faust.App(broker="slices://host:9092")`, and
always start the worker with `--without-web` (it ignores `web_enabled=False`). Pinned to exact
versions: `tests/streams/test_seam.py` goes red when upstream heals or changes. This folder imports
nothing but Faust and aiokafka: it can be lifted out as it is (README.md, example.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, ClassVar

import faust
from aiokafka.consumer import fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.tables.recovery import Recovery
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from streams.seam.batch import Batch, Record, Remembered, Sealed, size

__all__ = ["App", "Batch", "Record", "SliceSchema", "Unpinned", "size"]
SCHEME = "slices"
PINNED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0", "mode-streaming": "0.7.1"}
_FETCH_WAIT = 20  # ms that a broker may hold an empty fetch
_AGAIN = 1.0  # seconds until a member that was refused joins again
_log = logging.getLogger("seam")
_opened = fetcher.PartitionRecords._consumer_record


class Unpinned(RuntimeError):
    """Faust, or what it stands on, is not of the version that was mended here."""


class App(faust.App):  # type: ignore[misc]
    """An app that is guarded from its start, before it asks Kafka for anything."""

    guard: Callable[[], Coroutine[Any, Any, None]] | None = None

    async def on_start(self) -> None:
        await super().on_start()
        if self.guard:
            self.add_future(self.guard())

    def topic(self, *topics: str, **options: Any) -> Any:
        if getattr(options.get("schema"), "batches", False):
            _PartitionRecords.batched.update(topics)
        return super().topic(*topics, **options)


class SliceSchema(faust.Schema):  # type: ignore[misc]
    """Hands the agent all records of one fetch of one partition as one event, in offset order.

    The event's value is a list of Record, its offset that of the last one.
    `commits=False`: the agent commits the group's positions itself, Faust must not.
    `batches=True`: a list of Batch, as Kafka keeps them; `broker_max_poll_records` then counts these.
    """

    sliced = True

    def __init__(self, *, commits: bool = True, batches: bool = False) -> None:
        super().__init__(key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
        self.commits, self.batches = commits, batches

    def compile(self, app: Any, *, default_propagate: bool = False, **_: Any) -> Any:
        """The decoder that Faust's conductor calls: it passes the slice on as it is."""
        create_event = app.create_event

        async def decode(message: Any, *, propagate: bool = default_propagate) -> Any:
            return create_event(None, message.value, message.headers, message)

        return decode


@dataclass(frozen=True, slots=True)
class _Slice:
    """All records that one fetch brought for one partition."""

    records: list[Any]


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """aiokafka's records of one fetch of one partition; of topics that are read by batches these are left closed."""

    batched: ClassVar[set[str]] = set()

    def __init__(self, tp: Any, records: Any, *more: Any, **options: Any) -> None:
        sealed = Sealed(tp.topic, tp.partition, records) if tp.topic in self.batched else records
        super().__init__(tp, sealed, *more, **options)

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record if isinstance(record, Batch) else _opened(self, tp, record)


class _ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # AIOKafkaConsumer.start() hands both to its Fetcher; Faust has a setting for neither.
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = _FETCH_WAIT
        return consumer

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Where nothing is committed: to the beginning, if it was read from there."""
        found: Mapping[TP, int] = await self.call_thread(self._seek_to_committed, self._ensure_consumer())
        return found

    async def _seek_to_committed(self, consumer: Any) -> Mapping[TP, int]:
        found: Mapping[TP, int] = await consumer.seek_to_committed()
        own = self.app.tables.changelog_topics
        fresh = [tp for tp, offset in found.items() if (not offset or offset < 0) and tp.topic not in own]
        if fresh and self.app.conf.consumer_auto_offset_reset == "earliest":
            await consumer._fetcher.request_offset_reset(fresh, fetcher.OffsetResetStrategy.EARLIEST)
        return found


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Faust's consumer with slices, and with positions that never pass what is in flight."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._delivered: dict[Any, deque[int]] = defaultdict(deque)  # per partition, in order, not yet passed
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> Any:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _schema(self, tp: Any) -> Any:
        """The SliceSchema of this partition's topic, or None."""
        topics = self.app.topics._tp_index.get(tp, ())
        return next((t.schema for t in topics if getattr(t.schema, "sliced", False)), None)

    async def _wait_next_records(self, timeout: float) -> Any:
        records, active = await super()._wait_next_records(timeout)
        if records:
            records = {tp: [_Slice(found)] if self._schema(tp) else found for tp, found in records.items()}
        return records, active

    def _to_message(self, tp: Any, record: Any) -> Any:
        if not isinstance(record, _Slice):
            message = super()._to_message(tp, record)
        else:
            last = record.records[-1]
            message = ConsumerMessage(
                tp.topic, tp.partition, last.offset, (last.timestamp or 0) / 1000, last.timestamp_type,
                (), None, record.records, None, 0, 0, TP(*tp), generation_id=self.app.consumer_generation_id,
            )  # fmt: skip
        at = self._read_offset[message.tp]
        if (at is None or message.offset >= at) and self.app.topics.acks_enabled_for(message.topic):
            self._delivered[message.tp].append(message.offset)  # else Faust drops it as already read
        return message

    def _new_offset(self, tp: Any) -> int | None:
        """The position behind the longest acked run of what was delivered; None = no news.

        Knows only delivered offsets, so commit markers, aborted records and compaction leave no
        gaps in it, and nothing in flight is ever passed.
        """
        delivered, acked, new = self._delivered[tp], self._acked_index[tp], None
        while delivered and delivered[0] in acked:
            last = delivered.popleft()
            acked.discard(last)
            new = last + 1
        self._acked[tp].clear()
        schema = self._schema(tp)
        return new if schema is None or schema.commits else None

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        """Nothing: `_new_offset` needs no gaps (Faust's hold the delivered offset itself)."""

    async def on_partitions_revoked(self, revoked: set[Any]) -> None:
        for tp in revoked:
            self._delivered.pop(tp, None)
        await super().on_partitions_revoked(revoked)

    async def perform_seek(self) -> None:
        self._delivered.clear()
        await super().perform_seek()

    async def _seek(self, partition: Any, offset: int) -> None:
        self._delivered.pop(partition, None)
        await super()._seek(partition, offset)

    def on_buffer_full(self, tp: Any) -> None:
        # A full queue of slices is back-pressure by itself: the fetcher waits in put(). Faust's answer,
        # taking the partition out of the fetch, costs a 1 s sleep as soon as every partition is out.
        if self._schema(tp) is None:
            super().on_buffer_full(tp)


class Producer(driver.Producer):  # type: ignore[misc]
    """Faust's producer, idempotent, acknowledged by all replicas."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class Transport(driver.Transport):  # type: ignore[misc]
    """The transport behind `slices://`."""

    Consumer = Consumer
    Producer = Producer


_recovered = Recovery.on_recovery_completed


async def _on_recovery_completed(self: Any, generation_id: int = 0) -> None:
    # The original resumes the partitions, seeks, and only then clears every queue and opens the flow:
    # what was fetched in between would vanish. It opens both again at its end.
    self.app.consumer.stop_flow()
    self.app.flow_control.suspend()
    await _recovered(self, generation_id)


_pushed = GroupCoordinator._push_error_to_user


async def _join_again(self: Any, error: Exception) -> None:
    # The original waits until a fetch has raised the error.
    _log.warning("group %s: %r; joining again", self.group_id, error)
    self.request_rejoin()
    await asyncio.wait([self._closing], timeout=_AGAIN)


def mend() -> None:
    """Put the mends in place; harmless when repeated. Raises Unpinned for other versions."""
    if wrong := [f"{name} is {version(name)}, not {pin}" for name, pin in PINNED.items() if version(name) != pin]:
        raise Unpinned(f"{', '.join(wrong)}: install the pinned one, or look again at every mend in {__file__}")
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
    Recovery.on_recovery_completed = _on_recovery_completed
    GroupCoordinator._push_error_to_user = _join_again
    fetcher.ConsumerRecord = Record
    fetcher.MemoryRecords = Remembered
    fetcher.PartitionRecords = _PartitionRecords


mend()
