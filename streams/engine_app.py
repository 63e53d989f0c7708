"""The engine's Faust app: its lanes fold the spine's partitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sharedchain import kafka
from sharedchain.endpoints import Endpoints
from sharedchain.scope import PARTITIONS
from sharedchain.tail import READER
from streams.engine import Core, Lane, Wiring, Words
from streams.outputs import Outputs
from streams.worker import Post, Seat, lane_app


def engine_app(endpoints: Endpoints, core: Core[Any], words: Words, seat: Seat, wiring: Wiring | None = None) -> Any:
    """The Faust app that folds the spine with `core`. Start it with `--without-web`."""
    wiring = wiring or Wiring()
    post = Post(role="engine", group=wiring.group, topic=wiring.spine, partitions=PARTITIONS)
    return lane_app(endpoints, seat, post, _factory(endpoints, core, words, wiring))


def _factory(endpoints: Endpoints, core: Core[Any], words: Words, wiring: Wiring) -> Callable[[int], Lane[Any]]:
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
