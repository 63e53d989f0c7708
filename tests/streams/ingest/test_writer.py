"""What a lane does before its transaction begins, because the brokers give that ten seconds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sharedchain.errors import ConnectionFailed
from streams.ingest import letters, writer
from streams.ingest.record import Record
from streams.ingest.writer import Writer

WAITED = [SimpleNamespace(place=f"sales.lead.v1/0/{n}", record=None) for n in range(300)]


def test_children_that_waited_are_read_by_one_reader_before_the_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[str] = []

    def step(name: str) -> Any:
        return lambda *_, **__: did.append(name)

    def begin() -> None:
        did.append("begin")
        raise InterruptedError  # the rest needs a broker: test_lane.py

    reader = SimpleNamespace(close=step("close"))
    monkeypatch.setattr(writer, "transactional_producer", lambda *_, **__: SimpleNamespace(begin_transaction=begin))
    monkeypatch.setattr(writer, "consumer", lambda *_, **__: step("open")() or reader)
    monkeypatch.setattr(writer, "read_at", step("read"))
    monkeypatch.setattr(letters, "lost", lambda letter: Record("t", 0, 0, None, None, (), 0))
    turn: Any = SimpleNamespace(dead=WAITED, entries=[], now=0)
    with pytest.raises(InterruptedError):
        Writer(SimpleNamespace(), 0, 0, lambda: 0).write(turn, {}, None)  # type: ignore[arg-type]
    assert did == ["open", *["read"] * len(WAITED), "close", "begin"]


def test_nobody_is_asked_for_records_that_are_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "transactional_producer", lambda *_, **__: None)
    monkeypatch.setattr(writer, "consumer", lambda *_, **__: pytest.fail("a reader was opened"))
    own = Record("t", 0, 7, None, b"x", (), 0)
    dead: Any = [SimpleNamespace(record=own)]
    assert Writer(SimpleNamespace(), 0, 0, lambda: 0)._published(dead) == [own]  # type: ignore[arg-type]


def test_records_that_reach_no_broker_end_the_lane_and_not_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the loss of a broker librdkafka was seen to wait for ever (test_connect), the lane with it."""
    asked: list[float] = []

    def flush(*patience: float) -> int:
        asked.extend(patience)
        return 3

    silent = SimpleNamespace(begin_transaction=lambda: None, flush=flush, commit_transaction=pytest.fail)
    monkeypatch.setattr(writer, "transactional_producer", lambda *_, **__: silent)
    turn: Any = SimpleNamespace(dead=[], entries=[], now=0)
    with pytest.raises(ConnectionFailed, match="3 records of a transaction reached no broker within 15 s"):
        Writer(SimpleNamespace(), 0, 0, lambda: 0).write(turn, {}, None)  # type: ignore[arg-type]
    assert asked == [15.0]
