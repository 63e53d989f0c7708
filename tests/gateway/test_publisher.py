"""KafkaPublisher between the gateway and the outbox."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Any, cast

import pytest

from gateway.publisher import KafkaPublisher, Outgoing
from sharedchain.codec import Codec
from sharedchain.envelope import Envelope
from sharedchain.errors import ConnectionFailed, Refused
from sharedchain.outbox import Letter, Outbox, Position
from sharedchain.schemas import Catalog


class SilentOutbox:
    """Takes letters; answers when told to."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.answers: list[Future[Position]] = []

    def send(self, letter: Letter) -> Future[Position]:
        self.letters.append(letter)
        self.answers.append(Future())
        return self.answers[-1]


class Schemas:
    def schema_by_id(self, schema_id: int) -> str:
        raise AssertionError(schema_id)

    def register(self, subject: str, schema: str) -> int:
        return 7


def outgoing(place: str = "", **changes: Any) -> Outgoing:
    kind = Catalog.load().types["lead.disqualified"]
    data = {"lead_id": "L", "reason": "budget"} | changes
    return Outgoing(type=kind, key=b"L", envelope=Envelope(type=kind.name, id="1", source="s"), data=data, place=place)


def publisher(outbox: SilentOutbox, patience: float) -> KafkaPublisher:
    return KafkaPublisher(cast(Outbox, outbox), Codec(Schemas(), Catalog.load()), patience=patience)


async def test_silence_ends_the_wait_but_leaves_the_outboxs_future_alone() -> None:
    outbox = SilentOutbox()
    with pytest.raises(ConnectionFailed, match="did not acknowledge"):
        await publisher(outbox, 0.05).publish([outgoing()])
    answer = outbox.answers[0]
    answer.set_result(Position("t", 0, 0, "1"))  # would raise, in the outbox's thread, on a cancelled future
    assert answer.result().offset == 0


async def test_who_waits_when_the_gateway_ends_is_told_to_come_again() -> None:
    outbox = SilentOutbox()
    waiting = asyncio.create_task(publisher(outbox, 30).publish([outgoing()]))
    while not outbox.answers:
        await asyncio.sleep(0)
    waiting.cancel()  # as uvicorn does when its patience is over
    with pytest.raises(ConnectionFailed, match="the gateway ends"):
        await waiting


async def test_nothing_is_sent_when_one_does_not_fit_its_schema() -> None:
    outbox = SilentOutbox()
    with pytest.raises(Refused) as caught:
        await publisher(outbox, 1).publish([outgoing(), outgoing("[1].", lead_id=None)])
    assert caught.value.field.startswith("[1].data")
    assert outbox.letters == []
