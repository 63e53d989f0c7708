"""The Faust app: membership, fetching, slices and agents are Faust's; deciding is the lanes'."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharedchain import exposition, kafka, log
from sharedchain.endpoints import Endpoints
from sharedchain.health import Health, kafka_answers, registry_answers
from sharedchain.registry import Registry
from sharedchain.scope import PARTITIONS
from streams import seam, watchdog
from streams.engine import Core, Lane, Wiring, Words
from streams.lanes import Lanes, die
from streams.outputs import Outputs
from streams.tail import READER, records

_SLICE = 1000  # records in a slice at most: what a rebalance may have to wait for
_STUCK = 60.0  # seconds that an undecided record may wait
_FAREWELL = 8.0  # seconds to leave in; the supervisor's patience is 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Which worker this is. `session` in seconds: how long a dead worker keeps its partitions."""

    slot: str
    home: Path
    session: float = 8.0


def engine_app(endpoints: Endpoints, core: Core[Any], words: Words, seat: Seat, wiring: Wiring | None = None) -> Any:
    """The Faust app that folds the spine with `core`. Start it with `--without-web`."""
    wiring = wiring or Wiring()
    app = seam.App(wiring.group, **_settings(endpoints, seat, wiring))
    spine = app.topic(wiring.spine, schema=seam.SliceSchema(commits=False), partitions=PARTITIONS)
    lanes = Lanes(lane_factory(endpoints, core, words, wiring))
    pulse = watchdog.Pulse(limit=0.7 * seat.session, last=time.monotonic())

    @app.agent(spine, isolated_partitions=True)  # type: ignore[untyped-decorator]
    async def decide(stream: Any) -> None:
        async for event in stream.events():
            await lanes.decide(event.message.partition, event.value)

    @app.on_partitions_assigned.connect  # type: ignore[untyped-decorator]
    async def assigned(_: Any, partitions: Any, **__: Any) -> None:
        lanes.assign(p.partition for p in partitions if p.topic == wiring.spine)

    @app.on_partitions_revoked.connect  # type: ignore[untyped-decorator]
    async def revoked(_: Any, __: Any, **___: Any) -> None:
        await lanes.keep()

    @app.on_before_shutdown.connect  # type: ignore[untyped-decorator]
    async def leaving(_: Any, **__: Any) -> None:
        await lanes.keep()

    async def guard() -> None:
        pulse.last = time.monotonic()
        process = app.beacon.root.data  # Faust's own worker: it hears the signals
        exposition.serve(endpoints, _health(endpoints, seat, pulse, lanes), group=wiring.group)
        watchdog.watch(
            watchdog.Judges(
                pulse,
                watchdog.Progress(_STUCK),
                watchdog.Farewell(_FAREWELL),
                pending=lambda: _pending(endpoints, wiring, lanes),
                leaving=lambda: app.should_stop or process.should_stop,
            ),
            die,
        )
        await watchdog.beat(pulse, die)

    app.guard = guard
    return app


def lane_factory(endpoints: Endpoints, core: Core[Any], words: Words, wiring: Wiring) -> Any:
    """Builds the lane of a partition, with its transactional producer `<group>.<partition>`."""
    positions = kafka.consumer(endpoints, wiring.group)

    def lane(partition: int) -> Lane[Any]:
        producer = kafka.transactional_producer(endpoints, f"{wiring.group}.{partition}")
        outputs = Outputs(producer, positions, wiring.spine, partition)
        return Lane(
            partition, core=core, words=words, wiring=wiring, outputs=outputs,
            reader=lambda: kafka.consumer(endpoints, f"{wiring.group}.recovery", **READER),
        )  # fmt: skip

    return lane


def _health(endpoints: Endpoints, seat: Seat, pulse: watchdog.Pulse, lanes: Lanes) -> Health:
    peers = {"kafka": kafka_answers(endpoints), "registry": registry_answers(Registry.of(endpoints))}
    health = Health(f"engine-{seat.slot}", peers, still=pulse.limit)
    health.waits = lanes.waits
    pulse.tell = health.beat
    return health


def _pending(endpoints: Endpoints, wiring: Wiring, lanes: Lanes) -> Iterator[tuple[int, int]]:
    """(partition, offset) of the first record that each lane has not decided; none where it is at the end."""
    reader = kafka.consumer(endpoints, f"{wiring.group}.watchdog", **READER)
    try:
        for partition, offset in lanes.positions().items():
            first = next(records(reader, wiring.spine, partition, offset), None)
            if first is not None:
                yield partition, first.offset
    finally:
        reader.close()


def _settings(endpoints: Endpoints, seat: Seat, wiring: Wiring) -> dict[str, Any]:
    """Faust's settings; each differs from its default for a reason given here."""
    return {
        "broker_credentials": seam.credentials(endpoints),
        "broker": [f"{seam.SCHEME}://{address}" for address in endpoints.kafka.split(",")],
        "store": "memory://",  # no Tables: the state is a fold of the spine
        "datadir": seat.home / f"engine-{seat.slot}",
        "autodiscover": False,
        "web_enabled": False,  # the worker ignores it: `--without-web` on the command line too
        "topic_allow_declare": False,  # topics are made by us, from schemas/
        "topic_disable_leader": True,  # its empty topic would hold up fetches
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": f"engine-{seat.slot}",  # a quick restart causes no rebalance
        "broker_session_timeout": seat.session,
        "broker_heartbeat_interval": seat.session / 6,
        "broker_request_timeout": 30.0,
        "broker_rebalance_timeout": 30.0,
        "broker_max_poll_records": _SLICE,
        "broker_commit_livelock_soft_timeout": 1e9,  # Faust commits nothing: the lanes do, in their transactions
        "stream_buffer_maxsize": 2,  # slices; then the backlog merges in the fetcher, and memory is bounded
        "stream_wait_empty": True,
        "stream_recovery_delay": 0.0,
        "worker_redirect_stdouts": False,
        "logging_config": log.settings("engine"),
    }
