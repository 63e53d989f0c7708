"""The Faust app as it is wired: settings, and what happens when partitions come and go."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from sharedchain import kafka
from sharedchain.endpoints import ClickHouse, Endpoints, Notify
from sharedchain.errors import ConnectionFailed
from sharedchain.scope import SPINE
from streams import watchdog, worker
from streams.engine import Core, Wiring, Words
from streams.engine_app import engine_app
from streams.lanes import Lanes
from streams.worker import Post, Seat


class FakeLanes:
    """Remembers what it was asked for."""

    def __init__(self, _: Any) -> None:
        self.asked: list[Any] = []

    def assign(self, partitions: Any) -> None:
        self.asked.append(sorted(partitions))

    async def keep(self) -> None:
        self.asked.append("keep")

    async def decide(self, partition: int, slice_: Any) -> None:
        self.asked.append((partition, slice_))


@pytest.fixture
def endpoints(tmp_path: Path) -> Endpoints:
    nothing = SecretStr("")
    return Endpoints(
        home=tmp_path,
        kafka="127.0.0.1:1,127.0.0.1:2",
        registry="http://127.0.0.1:1",
        clickhouse=ClickHouse(url="http://127.0.0.1:1", user="", password=nothing),
        gateway="http://127.0.0.1:1",
        notify=Notify(smtp="127.0.0.1:1", webhook="http://127.0.0.1:1", webhook_secret=nothing),
        link_secret=nothing,
    )


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> list[FakeLanes]:
    made: list[FakeLanes] = []

    monkeypatch.setattr(kafka, "consumer", lambda *_, **__: None)

    def build(lane: Any, _: Any) -> FakeLanes:
        made.append(FakeLanes(lane))
        return made[-1]

    monkeypatch.setattr(worker, "Lanes", build)
    return made


def make(endpoints: Endpoints, slot: str = "7") -> Any:
    core: Core[Any] = Core(version="1", new=dict, step=lambda s, _: (s, []), dump=lambda _: b"", load=lambda _: {})
    words = Words(read=lambda *_: None, write=lambda _: None)  # type: ignore[arg-type,return-value]
    return engine_app(endpoints, core, words, Seat(slot=slot, home=endpoints.home, session=6.0))


def test_a_slot_is_a_static_member_with_a_folder_of_its_own(endpoints: Endpoints, lanes: list[FakeLanes]) -> None:
    conf = make(endpoints, "3").conf
    assert conf.consumer_group_instance_id == "engine-3"
    assert Path(conf.datadir) == endpoints.home / "engine-3"
    assert conf.id == Wiring().group == "chain.engine"


def test_every_broker_is_reached_through_the_mended_transport(endpoints: Endpoints, lanes: list[FakeLanes]) -> None:
    assert [str(url) for url in make(endpoints).conf.broker] == ["slices://127.0.0.1:1", "slices://127.0.0.1:2"]


def test_faust_makes_no_topics_and_keeps_no_state(endpoints: Endpoints, lanes: list[FakeLanes]) -> None:
    conf = make(endpoints).conf
    assert (conf.topic_allow_declare, conf.topic_disable_leader, str(conf.store)) == (False, True, "memory:")
    assert conf.stream_buffer_maxsize == 2


def test_the_members_heart_beats_several_times_in_a_session(endpoints: Endpoints, lanes: list[FakeLanes]) -> None:
    conf = make(endpoints).conf
    assert conf.broker_session_timeout == 6.0
    assert conf.broker_heartbeat_interval == 1.0


async def test_lanes_hear_of_the_spines_partitions_only(endpoints: Endpoints, lanes: list[FakeLanes]) -> None:
    app = make(endpoints)
    given = [SimpleNamespace(topic=SPINE, partition=p) for p in (5, 2)]
    await app.on_partitions_assigned.send({*map(_place, [*given, SimpleNamespace(topic="other", partition=1)])})
    assert lanes[0].asked == [[2, 5]]


async def test_who_hands_over_or_leaves_keeps_a_snapshot(endpoints: Endpoints, lanes: list[FakeLanes]) -> None:
    app = make(endpoints)
    await app.on_partitions_revoked.send(set())
    await app.on_before_shutdown.send()
    assert lanes[0].asked == ["keep", "keep"]


def test_the_watchdog_is_quicker_than_the_session(
    endpoints: Endpoints, lanes: list[FakeLanes], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []
    monkeypatch.setattr(watchdog, "Pulse", lambda limit, last: limits.append(limit))
    make(endpoints)
    assert 0 < limits[0] < 6.0


def test_a_worker_that_its_group_never_deals_anything_is_ended_while_kafka_answers() -> None:
    lanes, post, away = Lanes(lambda _: None), Post(role="r", group="g", topic="t", partitions=1), [False]  # type: ignore[arg-type,return-value]

    def kafka_() -> None:
        if away[0]:
            raise ConnectionFailed("away")

    work = watchdog.Work(watchdog.Progress[str](120.0), pending=lambda: worker.undealt(post, lanes, kafka_))
    assert work.verdict(0.0) == ""
    away[0] = True
    assert work.verdict(121.0) == ""  # a broker that does not answer says nothing about us
    away[0] = False
    assert (work.verdict(122.0), work.verdict(242.0)) == ("", "")
    assert work.verdict(242.1) == "no progress on joining g for 120 s"
    lanes.assign([])  # one worker too many
    assert work.verdict(500.0) == ""


def _place(found: Any) -> Any:
    from faust.types import TP

    return TP(found.topic, found.partition)
