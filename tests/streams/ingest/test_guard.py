"""A lane that reads no more ends, so that a successor reads what waits; one that waits for a reason does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharedchain.lag import Position
from streams.ingest.guard import unread
from tests.chain.door import Door
from tests.streams.ingest.rig import lead


def test_unread_is_what_lies_behind_the_position_of_a_partition_that_is_read() -> None:
    positions = [Position("a", 0, 5, 9), Position("a", 1, 9, 9), Position("b", 0, 0, 4)]
    assert list(unread(positions, frozenset({("a", 0), ("a", 1)}))) == [("a/0", 5)]


@pytest.mark.stack
@pytest.mark.slow
def test_a_lane_that_hears_nothing_ends_and_its_successor_reads_on(door: Door, tenant: str) -> None:
    deaf = door.start(script=Path(__file__).with_name("deaf_ingest.py"), env={"SHAREDCHAIN_INGEST_STUCK": "2000"})
    door.publish("lead.captured", lead("L-1"), tenant=tenant)
    assert deaf.wait(60) == 73
    assert "exit 73: no progress on sales.lead.v1/0 for 2 s" in door.log()
    assert door.spine(tenant) == []
    door.start(env={"SHAREDCHAIN_INGEST_STUCK": "2000"})
    door.settle()
    assert [fact.subject for fact in door.spine(tenant)] == ["L-1"]
