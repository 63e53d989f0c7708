"""The watchdog tells a still loop and missing progress from ordinary waiting."""

from __future__ import annotations

import asyncio

import pytest

from sharedchain.errors import ConnectionFailed
from streams.watchdog import STUCK, Farewell, Progress, Pulse, _asked, beat


def test_a_loop_that_beats_within_the_limit_is_not_late() -> None:
    assert Pulse(limit=2.0, last=10.0).late(12.0) == 0


def test_a_loop_that_stood_still_is_late_by_the_gap() -> None:
    assert Pulse(limit=2.0, last=10.0).late(12.5) == 2.5


def test_the_same_undecided_record_for_too_long_is_no_progress() -> None:
    progress = Progress(60.0)
    assert progress.stuck({0: 5, 1: 7}, 0.0) == []
    assert progress.stuck({0: 5, 1: 8}, 61.0) == [0]


def test_an_end_reached_in_between_starts_the_wait_anew() -> None:
    progress = Progress(60.0)
    progress.stuck({0: 5}, 0.0)
    progress.stuck({}, 30.0)
    assert progress.stuck({0: 5}, 61.0) == []


def test_a_worker_that_was_asked_to_stop_may_take_its_limit_and_no_more() -> None:
    farewell = Farewell(8.0)
    assert not farewell.overdue(False, 100.0)
    assert not farewell.overdue(True, 200.0)
    assert not farewell.overdue(True, 208.0)
    assert farewell.overdue(True, 208.5)


async def test_the_loop_itself_notices_that_the_process_was_stopped() -> None:
    class Dead(Exception): ...

    def die(code: int, _: str) -> None:
        raise Dead(code)

    with pytest.raises(Dead, match=str(STUCK)):
        await asyncio.wait_for(beat(Pulse(limit=2.0, last=-(10.0**9)), die), 5)


def test_a_broker_that_does_not_answer_is_no_verdict() -> None:
    def down() -> list[tuple[int, int]]:
        raise ConnectionFailed("Kafka is away")

    assert _asked(down) == {}
    assert _asked(lambda: [(0, 5)]) == {0: 5}
