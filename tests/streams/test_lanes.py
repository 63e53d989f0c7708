"""Lanes open, close and finish what they began, whatever Faust does to its agents."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from sharedchain.errors import Fenced
from streams.gap import Gap
from streams.lanes import FENCED, GAP, UNKNOWN, Lanes, or_die


class FakeLane:
    def __init__(self, partition: int) -> None:
        self.offset = partition * 10
        self.done: list[Any] = []
        self.hold = threading.Event()
        self.hold.set()

    def recover(self) -> None:
        self.done.append("recover")

    def decide(self, slice_: Sequence[Any]) -> None:
        self.hold.wait(10)
        self.done.append([*slice_])

    def keep(self) -> None:
        self.done.append("keep")

    def close(self) -> None:
        self.done.append("close")


@pytest.fixture
def made() -> dict[int, FakeLane]:
    return {}


@pytest.fixture
def held(made: dict[int, FakeLane]) -> Lanes:
    return Lanes(lambda p: made.setdefault(p, FakeLane(p)))


async def test_a_lane_recovers_before_it_decides(held: Lanes, made: dict[int, FakeLane]) -> None:
    held.assign([3])
    await held.decide(3, ["a"])
    await held.keep()
    assert made[3].done == ["recover", ["a"], "keep"]
    assert held.positions() == {3: 30}


async def test_a_partition_that_comes_back_keeps_its_lane(held: Lanes, made: dict[int, FakeLane]) -> None:
    held.assign([3, 4])
    held.assign([3])
    await held.decide(3, ["a"])
    await held.keep()
    assert made[3].done == ["recover", ["a"], "keep"]
    assert held.positions().keys() == {3}


async def test_a_partition_that_goes_is_closed(held: Lanes, made: dict[int, FakeLane]) -> None:
    held.assign([4])
    await held.keep()
    held.assign([])
    for _ in range(500):
        if "close" in made[4].done:
            break
        await asyncio.sleep(0.01)
    assert made[4].done == ["recover", "keep", "close"]


async def test_a_slice_may_overtake_the_news_of_its_assignment(held: Lanes, made: dict[int, FakeLane]) -> None:
    early = asyncio.create_task(held.decide(5, ["a"]))
    await asyncio.sleep(0)
    held.assign([5])
    await asyncio.wait_for(early, 5)
    await held.keep()
    assert made[5].done == ["recover", ["a"], "keep"]


async def test_slices_that_came_meanwhile_are_decided_together_and_in_order(
    held: Lanes, made: dict[int, FakeLane]
) -> None:
    held.assign([6, 7])
    await held.keep()
    made[6].hold.clear()
    for record in "abcd":
        await asyncio.wait_for(held.decide(6, [record]), 5)  # nobody waits for a lane that is busy
    await held.decide(7, ["e"])  # least of all another lane
    made[6].hold.set()
    await held.keep()
    decided = [record for said in made[6].done if isinstance(said, list) for record in said]
    assert decided == [*"abcd"]
    assert len(made[6].done) <= 5  # recover, keep, at most a and bcd, keep
    assert made[7].done[-2:] == [["e"], "keep"]


async def test_a_lane_that_has_much_to_do_makes_its_agent_wait(held: Lanes, made: dict[int, FakeLane]) -> None:
    held.assign([6])
    await held.keep()
    made[6].hold.clear()
    await held.decide(6, range(1000))
    await held.decide(6, range(1000, 2000))
    agent = asyncio.create_task(held.decide(6, range(2000, 3000)))
    await asyncio.sleep(0)
    assert not agent.done()
    agent.cancel()  # a rebalance: what was given is decided all the same
    with pytest.raises(asyncio.CancelledError):
        await agent
    made[6].hold.set()
    await held.keep()
    assert made[6].done[2:] == [[*range(1000)], [*range(1000, 2000)], [*range(2000, 3000)], "keep"]


@pytest.mark.parametrize(
    ("error", "code"), [(Fenced("x"), FENCED), (Gap("x"), GAP), (ValueError("x"), UNKNOWN), (SystemExit(0), UNKNOWN)]
)
def test_whatever_a_lane_raises_ends_the_process(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    codes: list[int] = []
    monkeypatch.setattr("os._exit", codes.append)

    def fail() -> None:
        raise error

    or_die(fail)
    assert codes == [code]
    assert f"CRITICAL worker: exit {code}: " in capfd.readouterr().err
