"""A backlog waits in Kafka, not in a program: the short form of `python -m bench.memory`, by records in memory."""

from __future__ import annotations

import pytest

from bench import memory
from bench.chain import Chain

pytestmark = [pytest.mark.stack, pytest.mark.slow]

RECORDS = 30_000


def test_a_backlog_waits_in_kafka_and_not_in_a_program(chain: Chain) -> None:
    told: list[str] = []
    ingest, engine, slow, sink = memory.measure(chain, RECORDS, 10_000, told.append)
    assert [line for one, line in zip((ingest, engine, slow, sink), told, strict=True) if not one.within] == []
    assert 0 < slow.held < 2 * memory.BATCH, "what the sink reads at once, and no more"
    assert slow.waited > 0, "the rest waits in Kafka"
    assert slow.mib < 1.3 * sink.mib
    assert sum(memory.whole(chain).values()) <= memory.STACK


def test_what_holds_its_whole_backlog_is_beyond_the_limit() -> None:
    assert memory.Peak("sink", 10, 1.0, memory.LIMIT).within
    assert not memory.Peak("sink", 10, 1.0, memory.LIMIT + 1).within
    assert not memory.Peak("sink", RECORDS, 1.0, 1, held=memory.HELD + 1).within
