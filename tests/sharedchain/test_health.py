"""Alive is the loop, ready is the work and the peers; each red names its cause."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from sharedchain.health import Health


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def answers() -> None:
    return None


def refuses() -> None:
    raise ConnectionRefusedError("nobody listens\nsecond line")


def test_alive_as_long_as_the_loop_comes_round() -> None:
    clock = Clock()
    health = Health("sink", still=10, now=clock)
    clock.now += 1000
    assert health.alive() == (True, {"program": "sink", "alive": True, "beat_age_seconds": 0.0})  # it starts
    health.beat()
    clock.now += 10
    assert health.alive()[0]
    clock.now += 1
    alive, said = health.alive()
    assert (alive, said["missing"]) == (False, {"loop": "did not come round for 11 s"})


def test_ready_when_it_follows_and_every_peer_answers() -> None:
    health = Health("sink", {"kafka": answers, "clickhouse": refuses})
    ready, said = health.ready()
    assert (ready, said["missing"]) == (False, {"follows": "it starts", "clickhouse": "nobody listens"})
    health.waits = lambda: ""
    assert health.ready()[1]["missing"] == {"clickhouse": "nobody listens"}
    assert health.ready(peers=False)[0]
    well = Health("sink", {"kafka": answers})
    well.waits = lambda: ""
    assert well.ready() == (
        True,
        {"program": "sink", "ready": True, "follows": "ok", "peers": {"kafka": "ok"}, "missing": {}},
    )


def test_however_many_ask_the_peers_are_asked_once_a_second() -> None:
    clock, asked = Clock(), 0

    def count() -> None:
        nonlocal asked
        asked += 1

    health = Health("sink", {"kafka": count}, now=clock)
    for _ in range(5):
        health.ready()
    assert asked == 1
    clock.now += 2
    health.ready()
    assert asked == 2


@pytest.mark.parametrize("error", [TimeoutError(), ValueError("x" * 500)])
def test_a_reason_is_never_empty_nor_endless(error: Exception) -> None:
    def fails() -> None:
        raise error

    said = Health("sink", {"kafka": fails}).ready()[1]["peers"]["kafka"]
    assert 0 < len(said) <= 200


def test_peers_are_asked_side_by_side() -> None:
    both = threading.Barrier(2)

    def meets() -> None:
        both.wait(5)  # broken, and so an answer that is not «ok», when asked one after the other

    peers: dict[str, Callable[[], None]] = {"kafka": meets, "registry": meets}
    assert Health("sink", peers).ready()[1]["peers"] == {"kafka": "ok", "registry": "ok"}
