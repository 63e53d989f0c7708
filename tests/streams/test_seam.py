"""Each mend of Faust does its work, and still has something to mend."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, structs
from aiokafka.consumer import fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer as Stock
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams import seam

PARTITION = TP("t", 0)


@pytest.fixture
def app() -> faust.App:
    made = faust.App("seam-test", broker="slices://127.0.0.1:1", store="memory://", autodiscover=False)
    made.finalize()
    return made


@pytest.fixture
def consumer(app: faust.App) -> Any:
    app.topics._acking_topics.add("t")
    return app.transport.create_consumer(callback=None.__class__, on_partitions_revoked=_no, on_partitions_assigned=_no)


async def _no(*_: object) -> None: ...


def record(offset: int) -> SimpleNamespace:
    return SimpleNamespace(
        topic="t", partition=0, offset=offset, timestamp=1000 + offset, timestamp_type=1, headers=(), key=None,
        value=b"v", checksum=None, serialized_key_size=0, serialized_value_size=1,
    )  # fmt: skip


def deliver(consumer: Any, *offsets: int) -> list[Any]:
    return [consumer._to_message(PARTITION, record(offset)) for offset in offsets]


def subscribe(app: faust.App, schema: Any) -> None:
    app.topics._tp_index[PARTITION] = {app.topic("t", schema=schema)}


def test_the_url_scheme_leads_to_our_transport(app: faust.App) -> None:
    assert isinstance(app.transport, seam.Transport)


def test_a_record_has_the_fields_of_aiokafkas_which_is_a_dataclass_still() -> None:
    assert seam.Record._fields == tuple(field.name for field in dataclasses.fields(structs.ConsumerRecord))
    assert fetcher.ConsumerRecord is seam.Record
    made = SimpleNamespace(offset=7, timestamp=1, timestamp_type=0, key=None, value=b"v", checksum=None, headers=())
    parts: Any = SimpleNamespace(_key_deserializer=None, _value_deserializer=None)
    assert fetcher.PartitionRecords._consumer_record(parts, PARTITION, made) == seam.Record(
        "t", 0, 7, 1, 0, None, b"v", None, -1, 1, ()
    )


async def test_a_seek_to_committed_positions_begins_again_where_none_is() -> None:
    asked: list[Any] = []

    async def committed() -> dict[TP, int | None]:
        return {TP("t", 0): None, TP("t", 1): 7, TP("t", 2): 0, TP("log", 0): None}

    async def reset(places: list[TP], strategy: int) -> None:
        asked.append((places, strategy))

    client = SimpleNamespace(seek_to_committed=committed, _fetcher=SimpleNamespace(request_offset_reset=reset))
    conf = SimpleNamespace(consumer_auto_offset_reset="earliest")
    thread: Any = SimpleNamespace(app=SimpleNamespace(conf=conf, tables=SimpleNamespace(changelog_topics={"log"})))
    assert await seam._ConsumerThread._seek_to_committed(thread, client) == await committed()
    assert asked == [([TP("t", 0), TP("t", 2)], fetcher.OffsetResetStrategy.EARLIEST)]
    conf.consumer_auto_offset_reset = "latest"  # where that is now, nobody knows: it goes on where it was
    await seam._ConsumerThread._seek_to_committed(thread, client)
    assert len(asked) == 1


def test_upstream_still_seeks_only_where_something_is_committed() -> None:
    assert "if offset and offset > 0:" in inspect.getsource(AIOKafkaConsumer.seek_to_committed)


def test_other_versions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(seam.PINNED, "aiokafka", "0.0.1")
    with pytest.raises(seam.Unpinned, match=r"aiokafka is 0\.14\.0, not 0\.0\.1"):
        seam.mend()


# --- slices ---


async def test_a_sliced_topic_hands_over_one_message_for_all_records_of_a_fetch(
    app: faust.App, consumer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(app, seam.SliceSchema())
    fetched = {PARTITION: [record(4), record(7)]}
    monkeypatch.setattr(consumer, "_active_partitions", {PARTITION})
    monkeypatch.setattr(consumer, "_getmany", lambda **_: _value(fetched))
    records, _ = await consumer._wait_next_records(1.0)
    (only,) = records[PARTITION]
    message = consumer._to_message(PARTITION, only)
    assert (message.offset, [r.offset for r in message.value]) == (7, [4, 7])
    event = await app.topic("t", schema=seam.SliceSchema()).decode(message)
    assert event.value is message.value


async def test_other_topics_keep_one_event_a_record(
    app: faust.App, consumer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(app, None)
    fetched = {PARTITION: [record(4), record(7)]}
    monkeypatch.setattr(consumer, "_active_partitions", {PARTITION})
    monkeypatch.setattr(consumer, "_getmany", lambda **_: _value(fetched))
    records, _ = await consumer._wait_next_records(1.0)
    assert [consumer._to_message(PARTITION, r).offset for r in records[PARTITION]] == [4, 7]


async def _value(value: Any) -> Any:
    return value


def test_a_full_queue_of_slices_does_not_leave_the_fetch(app: faust.App, consumer: Any) -> None:
    subscribe(app, seam.SliceSchema())
    consumer._active_partitions = {PARTITION}
    consumer.on_buffer_full(PARTITION)
    assert consumer._active_partitions == {PARTITION}
    Stock.on_buffer_full(consumer, PARTITION)  # what upstream does, and costs a second
    assert consumer._active_partitions == set()


# --- reading ---


def worker_consumer(app: faust.App, thread: type[Any]) -> Any:
    """The aiokafka consumer that Faust would start."""
    found: list[Any] = []

    async def create() -> None:
        consumer = app.transport.create_consumer(
            callback=_no, on_partitions_revoked=_no, on_partitions_assigned=_no
        )  # fmt: skip
        found.append(thread(consumer, loop=asyncio.get_running_loop())._create_worker_consumer(app.transport))

    asyncio.run(create())
    return found[0]


def test_agents_see_committed_records_only_and_no_fetch_waits_long(app: faust.App) -> None:
    ours = worker_consumer(app, seam._ConsumerThread)
    assert (ours._isolation_level, ours._fetch_max_wait_ms) == ("read_committed", 20)


def test_upstream_still_reads_uncommitted_and_waits_1500_ms(app: faust.App) -> None:
    stock = worker_consumer(app, driver.AIOKafkaConsumerThread)
    assert (stock._isolation_level, stock._fetch_max_wait_ms) == ("read_uncommitted", 1500)


# --- commits ---


def ack(consumer: Any, *messages: Any) -> None:
    for message in messages:
        consumer._unacked_messages.add(message)
        consumer.ack(message)


def test_a_commit_reaches_over_the_gaps_that_markers_leave(consumer: Any) -> None:
    ack(consumer, *deliver(consumer, 0, 1, 3, 4, 6))
    assert consumer._new_offset(PARTITION) == 7
    assert consumer._new_offset(PARTITION) is None


def test_upstream_still_crawls_over_gaps(consumer: Any) -> None:
    ack(consumer, *deliver(consumer, 0, 1, 3, 4, 6))
    assert Stock._new_offset(consumer, PARTITION) == 2


def test_a_commit_never_passes_what_is_in_flight(consumer: Any) -> None:
    _, second, third = deliver(consumer, 0, 1, 2)
    ack(consumer, second, third)
    assert consumer._new_offset(PARTITION) is None


def test_upstream_still_commits_past_what_is_in_flight(consumer: Any) -> None:
    _, second, third = deliver(consumer, 0, 1, 2)
    ack(consumer, second, third)
    assert Stock._new_offset(consumer, PARTITION) == 3


def test_an_agent_that_commits_itself_keeps_faust_from_it(app: faust.App, consumer: Any) -> None:
    subscribe(app, seam.SliceSchema(commits=False))
    ack(consumer, *deliver(consumer, 0, 1))
    assert consumer._new_offset(PARTITION) is None
    assert consumer._acked[PARTITION] == []  # and nothing piles up


async def test_a_seek_forgets_what_was_delivered(consumer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(consumer, 0, 1)
    monkeypatch.setattr(consumer, "seek_to_committed", lambda: _value({PARTITION: 0}))
    await consumer.perform_seek()
    again = deliver(consumer, 0, 1)
    ack(consumer, *again)
    assert consumer._new_offset(PARTITION) == 2


# --- recovery and producer ---


async def test_recovery_ends_with_the_flow_closed_until_the_seek_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def original(*_: object) -> None:
        seen.append("original")

    monkeypatch.setattr(seam, "_recovered", original)
    app = SimpleNamespace(
        consumer=SimpleNamespace(stop_flow=lambda: seen.append("stop")),
        flow_control=SimpleNamespace(suspend=lambda: seen.append("suspend")),
    )
    await Recovery.on_recovery_completed(SimpleNamespace(app=app), 1)
    assert seen == ["stop", "suspend", "original"]


def test_upstream_still_opens_the_flow_after_it_lets_the_fetcher_run() -> None:
    source = inspect.getsource(seam._recovered)
    assert source.index("resume_partitions") < source.index("perform_seek") < source.index("flow_control.resume")


def test_faust_s_own_producer_is_idempotent(app: faust.App) -> None:
    ours, stock = (kind(app.transport)._settings_extra() for kind in (seam.Producer, driver.Producer))
    assert ours["enable_idempotence"] is True
    assert "enable_idempotence" not in stock


# --- membership ---


def member() -> Any:
    loop = asyncio.get_running_loop()
    said = SimpleNamespace(group_id="g", asked=0, _closing=loop.create_future())
    said.request_rejoin = lambda: setattr(said, "asked", said.asked + 1)
    said._subscription = SimpleNamespace(abort_waiters=lambda _: None)
    return said


async def test_a_member_that_a_dying_broker_refused_joins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seam, "_AGAIN", 0.0)
    refused = member()
    await GroupCoordinator._push_error_to_user(refused, KafkaError("UnknownError"))
    assert refused.asked == 1


async def test_a_member_that_leaves_does_not_wait_to_join() -> None:
    leaving = member()
    leaving._closing.set_result(None)
    await asyncio.wait_for(GroupCoordinator._push_error_to_user(leaving, KafkaError("UnknownError")), 0.5)


async def test_upstream_still_keeps_it_until_a_fetch_that_may_never_come() -> None:
    refused = member()
    waits = asyncio.ensure_future(seam._pushed(refused, KafkaError("UnknownError")))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not waits.done()
    assert refused.asked == 0
    refused._error_consumed_fut.set_result(None)
    await waits


# --- guard ---


async def _started(app: faust.App, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What ran in an app that waits for its recovery: its guard, its tasks."""
    ran: list[str] = []

    async def guard() -> None:
        ran.append("guard")

    async def task() -> None:
        ran.append("task")

    app.guard = guard
    app.task(task)
    monkeypatch.setattr(app, "on_init_dependencies", tuple)
    monkeypatch.setattr(app, "_wait_for_table_recovery_completed", asyncio.Event().wait)
    starting = asyncio.create_task(app.start())
    for _ in range(20):
        await asyncio.sleep(0)
    starting.cancel()
    return ran


async def test_the_guard_stands_while_the_app_still_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = seam.App("guarded", broker="slices://127.0.0.1:1", autodiscover=False, datadir=tmp_path)
    assert await _started(guarded, monkeypatch) == ["guard"]


async def test_upstream_still_starts_tasks_behind_the_recovery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stock = faust.App("stock", broker="slices://127.0.0.1:1", autodiscover=False, datadir=tmp_path)
    assert await _started(stock, monkeypatch) == []
