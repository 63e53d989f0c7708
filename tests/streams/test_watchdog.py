"""The watchdog tells a still loop and missing progress from ordinary waiting."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from queue import SimpleQueue

import pytest

from sharedchain.errors import ConnectionFailed
from streams import watchdog
from streams.lanes import UNKNOWN
from streams.watchdog import STUCK, Farewell, Presence, Progress, Pulse, Work, beat, watch_presence, watch_work


def presence(*, leaving: bool = False) -> Presence:
    return Presence(Pulse(2.0, last=100.0), Farewell(8.0), leaving=lambda: leaving)


def work(pending: Callable[[], Iterable[tuple[int, int]]]) -> Work[int]:
    return Work(Progress(60.0), pending)


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

    def die(code: int, _: object) -> None:
        raise Dead(code)

    with pytest.raises(Dead, match=str(STUCK)):
        await asyncio.wait_for(beat(Pulse(limit=2.0, last=-(10.0**9)), die), 5)


def test_presence_is_a_loop_that_beats_and_nobody_who_should_have_left() -> None:
    asked = presence(leaving=True)
    assert asked.verdict(101.0) == ""
    assert asked.verdict(102.5).startswith("the event loop stood still for 2.5 s")
    assert asked.verdict(110.0) == "asked to stop, and still here after 8 s"


def test_a_broker_that_does_not_answer_is_no_verdict() -> None:
    def down() -> Iterable[tuple[int, int]]:
        raise ConnectionFailed("Kafka is away")

    away = work(down)
    assert [away.verdict(0.0), away.verdict(61.0)] == ["", ""]
    waiting = work(lambda: [(0, 5), (3, 7)])
    assert [waiting.verdict(0.0), waiting.verdict(61.0)] == ["", "no progress on 0, 3 for 60 s"]


class Deaths:
    """What ends the process; nobody lives on behind it."""

    def __init__(self) -> None:
        self._told: SimpleQueue[tuple[int, str]] = SimpleQueue()

    def die(self, code: int, why: object) -> None:
        self._told.put((code, str(why)))
        threading.Event().wait()

    def first(self) -> tuple[int, str]:
        return self._told.get(timeout=5)


@pytest.fixture
def deaths(monkeypatch: pytest.MonkeyPatch) -> Deaths:
    monkeypatch.setattr(watchdog, "_BEAT", 0.01)
    monkeypatch.setattr(watchdog, "_LOOK", 0.01)
    return Deaths()


def test_a_question_that_gets_no_answer_does_not_silence_the_watch(deaths: Deaths) -> None:
    asks, answered = threading.Event(), threading.Event()

    def blocked() -> Iterable[tuple[int, int]]:
        asks.set()
        answered.wait(10)
        return []

    def leaving() -> bool:
        pulse.last = 0.0 if asks.is_set() else pulse.last
        return False

    pulse = Pulse(2.0, last=time.monotonic() + 5.0)
    watch_presence(Presence(pulse, Farewell(8.0), leaving), deaths.die)
    watch_work(work(blocked), deaths.die)
    code, why = deaths.first()
    answered.set()
    assert (code, why.partition(" for ")[0]) == (STUCK, "the event loop stood still")


def test_a_watch_that_fails_says_so_and_ends_the_process(deaths: Deaths) -> None:
    def broken() -> Iterable[tuple[int, int]]:
        raise RuntimeError("dictionary changed size during iteration")

    watch_work(work(broken), deaths.die)
    assert deaths.first() == (UNKNOWN, "dictionary changed size during iteration")
