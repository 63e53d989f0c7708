"""The outbox answers for every record, whoever still listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from sharedchain.outbox import Letter, Outbox, Position

LETTER = Letter("sales.lead.v1", b"LEAD-1", b"value", [], "id-1")


class Told:
    """What a broker's acknowledgement says."""

    def topic(self) -> str:
        return "sales.lead.v1"

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return 17


class SlowBroker:
    """A producer that answers when the test says so; a failing callback is kept, as librdkafka would raise it."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[None, Told], None]] = []
        self.failures: list[Exception] = []

    def produce(self, *_: Any, on_delivery: Callable[[None, Told], None], **__: Any) -> None:
        self.waiting.append(on_delivery)

    def poll(self, timeout: float) -> int:
        return 0

    def flush(self) -> int:
        for told in self.waiting:
            try:
                told(None, Told())
            except Exception as error:
                self.failures.append(error)
        return 0


async def test_a_caller_who_leaves_does_not_break_the_answer() -> None:
    broker = SlowBroker()
    outbox = Outbox(broker)  # type: ignore[arg-type]
    sent = outbox.send(LETTER)
    waiting = asyncio.wrap_future(sent)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0)  # one turn of the loop, in which the cancellation reaches the outbox's future
    await asyncio.to_thread(outbox.close)
    assert broker.failures == []
    assert sent.result(1) == Position("sales.lead.v1", 3, 17, "id-1")
