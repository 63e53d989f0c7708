"""The telemetry engine's Faust app: membership, fetching and slices are Faust's, deciding is the lanes'."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sharedchain import kafka
from sharedchain.barrier import TELEMETRY
from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.tail import READER
from sharedchain.telemetry import TOPIC, Slices
from streams.lanes import or_die
from streams.outputs import Outputs
from streams.patience import patient
from streams.telemetry.lane import Lane
from streams.telemetry.setpoints import Setpoints
from streams.telemetry.tell import Teller
from streams.worker import Post, Seat, lane_app

WINDOW = 60_000  # ms: one reading of a metric is told in each
_FETCH = 4 << 20  # bytes: large slices are cheap


def telemetry_app(endpoints: Endpoints, seat: Seat, *, window: int = WINDOW) -> object:
    """The Faust app. Start it with `--without-web`."""
    catalog = Catalog.load()
    post = Post(
        role="telemetry", group=TELEMETRY, topic=TOPIC, partitions=catalog.topics[TOPIC].partitions, slice=10_000,
        batches=True, keeps=1.0, more={"consumer_max_fetch_size": _FETCH, "broker_check_crcs": False},
    )  # fmt: skip
    return lane_app(endpoints, seat, post, _factory(endpoints, Codec(Registry.of(endpoints), catalog), window))


def _factory(endpoints: Endpoints, codec: Codec, window: int) -> Callable[[int], Lane]:
    positions = kafka.consumer(endpoints, TELEMETRY)
    slices, teller = Slices(codec), Teller(codec, window)
    setpoints = Setpoints(kafka.consumer(endpoints, f"{TELEMETRY}.setpoints", **READER), codec)
    threading.Thread(target=or_die, args=(setpoints.follow,), name="setpoints", daemon=True).start()

    def lane(partition: int) -> Lane:
        producer = kafka.transactional_producer(endpoints, f"{TELEMETRY}.{partition}")
        return Lane(
            partition, read_batches=patient(slices.read_batches), read=patient(slices.read),
            write=patient(teller.record), setpoints=setpoints, window=window,
            outputs=Outputs(producer, positions, TOPIC, partition),
            reader=lambda: kafka.consumer(endpoints, f"{TELEMETRY}.recovery", **READER),
        )  # fmt: skip

    return lane
