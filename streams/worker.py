"""The Faust app: membership, fetching, slices and agents are Faust's; deciding is the lanes'."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sharedchain import collector, exposition, kafka, log
from sharedchain.endpoints import Endpoints
from sharedchain.health import Health, Peer, kafka_answers, registry_answers
from sharedchain.registry import Registry
from sharedchain.tail import READER, records
from streams import seam, watchdog
from streams.lanes import Folds, Lanes, die
from streams.login import credentials

_STUCK = 60.0  # seconds that an undecided record may wait
_OUTSIDE = 120.0  # seconds for which the group may deal a worker nothing, not even that there is nothing for it
_FAREWELL = 8.0  # seconds to leave in; the supervisor's patience is 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Which worker this is. `session` in seconds: how long a dead worker keeps its partitions."""

    slot: str
    home: Path
    session: float = 8.0

    @classmethod
    def of(cls, environ: Mapping[str, str], home: Path) -> Seat:
        """As SHAREDCHAIN_SLOT and SHAREDCHAIN_ENGINE_SESSION say."""
        session = float(environ.get("SHAREDCHAIN_ENGINE_SESSION", "8"))
        return cls(slot=environ.get("SHAREDCHAIN_SLOT", "0"), home=home, session=session)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What workers of one kind do: who they are (`role`), and what they follow. `slice`: records in one at most, or
    record batches where the lanes want these."""

    role: str
    group: str
    topic: str
    partitions: int
    slice: int = 1000  # what a rebalance may have to wait for
    batches: bool = False
    keeps: float = 0.0  # seconds between two times that lanes are asked to keep what they have; 0: not in between
    more: Mapping[str, Any] = field(default_factory=dict)  # settings of Faust


def lane_app(endpoints: Endpoints, seat: Seat, post: Post, build: Callable[[int], Folds]) -> Any:
    """A Faust app whose lanes decide one partition each of the post's topic. Start it with `--without-web`."""
    app = seam.App(post.group, **_settings(endpoints, seat, post))
    schema = seam.SliceSchema(commits=False, batches=post.batches)
    topic = app.topic(post.topic, schema=schema, partitions=post.partitions)
    lanes = Lanes(build, seam.size if post.batches else len)
    pulse = watchdog.Pulse(limit=0.7 * seat.session, last=time.monotonic())

    @app.agent(topic, isolated_partitions=True)  # type: ignore[untyped-decorator]
    async def decide(stream: Any) -> None:
        async for event in stream.events():
            await lanes.decide(event.message.partition, event.value)

    @app.on_partitions_assigned.connect  # type: ignore[untyped-decorator]
    async def assigned(_: Any, partitions: Any, **__: Any) -> None:
        lanes.assign(p.partition for p in partitions if p.topic == post.topic)

    @app.on_partitions_revoked.connect  # type: ignore[untyped-decorator]
    async def revoked(_: Any, __: Any, **___: Any) -> None:
        await lanes.keep()

    @app.on_before_shutdown.connect  # type: ignore[untyped-decorator]
    async def leaving(_: Any, **__: Any) -> None:
        await lanes.keep()

    async def keeping() -> None:
        while post.keeps:
            await asyncio.sleep(post.keeps)
            await lanes.keep()

    async def guard() -> None:
        collector.rest()
        pulse.last = time.monotonic()
        process = app.beacon.root.data  # Faust's own worker: it hears the signals
        peers = {"kafka": kafka_answers(endpoints), "registry": registry_answers(Registry.of(endpoints))}
        exposition.serve(endpoints, _health(peers, seat, post, pulse, lanes), group=post.group)
        watchdog.watch_presence(
            watchdog.Presence(
                pulse, watchdog.Farewell(_FAREWELL), leaving=lambda: app.should_stop or process.should_stop
            ),
            die,
        )
        watchdog.watch_work(
            watchdog.Work(watchdog.Progress(_STUCK), pending=lambda: _pending(endpoints, post, lanes)), die
        )
        outside = watchdog.Work(watchdog.Progress[str](_OUTSIDE), pending=lambda: undealt(post, lanes, peers["kafka"]))
        watchdog.watch_work(outside, die)
        await asyncio.gather(watchdog.beat(pulse, die), keeping())

    app.guard = guard
    return app


def _health(peers: Mapping[str, Peer], seat: Seat, post: Post, pulse: watchdog.Pulse, lanes: Lanes) -> Health:
    health = Health(f"{post.role}-{seat.slot}", peers, still=pulse.limit)
    health.waits = lanes.waits
    pulse.tell = health.beat
    return health


def _pending(endpoints: Endpoints, post: Post, lanes: Lanes) -> Iterator[tuple[int, int]]:
    """(partition, offset) of the first record that each lane has not decided; none where it is at the end."""
    reader = kafka.consumer(endpoints, f"{post.group}.watchdog", **READER)
    try:
        for partition, offset in lanes.positions().items():
            first = next(records(reader, post.topic, partition, offset), None)
            if first is not None:
                yield partition, first.offset
    finally:
        reader.close()


def undealt(post: Post, lanes: Lanes, kafka_: Peer) -> Iterator[tuple[str, int]]:
    """The group, while this worker has heard nothing of it though Kafka answers; who is one too many has heard."""
    if not lanes.dealt:
        kafka_()
        yield f"joining {post.group}", 0


def _settings(endpoints: Endpoints, seat: Seat, post: Post) -> dict[str, Any]:
    """Faust's settings; each differs from its default for a reason given here."""
    return {
        "broker_credentials": credentials(endpoints),
        "broker": [f"{seam.SCHEME}://{address}" for address in endpoints.kafka.split(",")],
        "store": "memory://",  # no Tables: lanes keep their state in the transactions that decide
        "datadir": seat.home / f"{post.role}-{seat.slot}",
        "autodiscover": False,
        "web_enabled": False,  # the worker ignores it: `--without-web` on the command line too
        "topic_allow_declare": False,  # topics are made by us, from schemas/
        "topic_disable_leader": True,  # its empty topic would hold up fetches
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": f"{post.role}-{seat.slot}",  # a quick restart causes no rebalance
        "broker_session_timeout": seat.session,
        "broker_heartbeat_interval": seat.session / 6,
        "broker_request_timeout": 30.0,
        "broker_rebalance_timeout": 30.0,
        "broker_max_poll_records": post.slice,
        "broker_commit_livelock_soft_timeout": 1e9,  # Faust commits nothing: the lanes do, in their transactions
        "stream_buffer_maxsize": 2,  # slices; then the backlog merges in the fetcher, and memory is bounded
        "stream_wait_empty": True,
        "stream_recovery_delay": 0.0,
        "worker_redirect_stdouts": False,
        "logging_config": log.settings(post.role),
        **post.more,
    }
