"""The SDK on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from sharedchain import Chain, ChainSync, ForecastLine, ForecastPublished, LeadCaptured, TargetSet
from sharedchain.chain import letter
from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.envelope import read_headers
from sharedchain.errors import ConnectionFailed, Refused
from sharedchain.events import Event
from sharedchain.kafka import create_topics
from sharedchain.schemas import Catalog
from tests.sharedchain.shelf import Shelf

CATALOG = Catalog.load()


def lead(number: int = 1) -> LeadCaptured:
    return LeadCaptured(
        lead_id=f"LEAD-{number:04}",
        customer_industry="AUTOMOTIVE",
        demand_type="NEW",
        expected_amount=Decimal("48000000.00"),
        prospect_name="新客户",
        owner_id="E001",
    )


TARGET = TargetSet(target_id="T", period="2026Q2", org_id="O", metric="signed", amount=Decimal(1))


def test_what_identifies_an_event_is_its_id_so_that_sending_it_again_is_not_a_second_one() -> None:
    codec = Codec(Shelf(), CATALOG)
    assert letter(codec, lead(), source="s").id == letter(codec, lead(), source="s").id == "lead.captured/LEAD-0001"
    assert letter(codec, lead(), source="s", tenant="t").id == "t/lead.captured/LEAD-0001"
    assert letter(codec, TARGET, source="s").id != letter(codec, TARGET, source="s").id
    assert letter(codec, TARGET, source="s", id="7").id == "7"


def test_a_letter_says_all_it_was_told_and_no_time_it_was_not() -> None:
    codec = Codec(Shelf(), CATALOG)
    said: dict[str, Any] = {"tenant": "t", "actor": "E", "correlation": "c", "causation": "b", "backfill": True}
    at = datetime(2026, 5, 1, tzinfo=UTC)
    envelope = read_headers(letter(codec, lead(), source="s", time=at, **said).headers)
    assert envelope.time == 1_777_593_600_000
    assert (envelope.type, envelope.subject, envelope.source) == ("lead.captured", "LEAD-0001", "s")
    assert {name: getattr(envelope, name) for name in said} == said
    assert read_headers(letter(codec, lead(), source="s").headers).time is None


def test_a_time_without_zone_and_a_model_that_is_no_type_are_refused() -> None:
    codec = Codec(Shelf(), CATALOG)
    with pytest.raises(Refused, match="time zone"):
        letter(codec, lead(), source="s", time=datetime(2026, 5, 1))
    with pytest.raises(Refused, match="no declared event type"):
        letter(codec, Event(), source="s")


@pytest.fixture
def sync(broker: Endpoints) -> Iterator[ChainSync]:
    create_topics(broker, CATALOG)
    with ChainSync(broker) as chain:
        yield chain


@pytest.fixture
async def chain(broker: Endpoints) -> AsyncIterator[Chain]:
    create_topics(broker, CATALOG)
    async with Chain(broker) as opened:
        yield opened


@pytest.mark.stack
def test_publish_gives_the_place_where_the_record_lies(sync: ChainSync) -> None:
    reader = sync.subscribe("sales.lead.v1")
    place = sync.publish(lead(7), source="crm", tenant="东辰")
    update = next(iter(reader))
    assert (update.topic, update.partition, update.offset) == (place.topic, place.partition, place.offset)
    assert (update.type, update.envelope.id, update.envelope.tenant) == ("lead.captured", place.id, "东辰")
    assert update.event() == lead(7)
    reader.close()


@pytest.mark.stack
def test_many_under_way_arrive_once_each_in_order_of_their_entity(sync: ChainSync) -> None:
    reader = sync.subscribe("sales.target.v1")
    sent = [sync.send(TARGET.model_copy(update={"target_id": f"T-{n % 3}", "amount": Decimal(n)})) for n in range(300)]
    places = {answer.result(30) for answer in sent}
    updates = list(islice(reader, 300))
    reader.close()
    assert {(u.partition, u.offset) for u in updates} == {(p.partition, p.offset) for p in places}
    for target in ("T-0", "T-1", "T-2"):
        amounts = [u.data["amount"] for u in updates if u.data["target_id"] == target]
        assert len(amounts) == 100
        assert amounts == sorted(amounts)


@pytest.mark.stack
async def test_async_publish_and_subscribe(chain: Chain) -> None:
    line = ForecastLine(line_id="1", basis="PROJECT", opportunity_id="O", amount=Decimal(48))
    event = ForecastPublished(
        forecast_id="F-DE", version=1, period="2026Q2", org_id="O", region="DE", owner_id="E001", lines=(line,)
    )
    updates = chain.subscribe("sales.forecast.v1")
    places = await asyncio.gather(*(chain.publish(event.model_copy(update={"version": n})) for n in range(1, 21)))
    seen = []
    async with asyncio.timeout(30):
        async for update in updates:
            seen.append(update.event())
            if len(seen) == len(places):
                break
    updates.close()
    assert sorted(seen, key=lambda e: e.version) == [event.model_copy(update={"version": n}) for n in range(1, 21)]  # type: ignore[attr-defined]


@pytest.mark.stack
def test_from_beginning_sees_what_was_there(sync: ChainSync) -> None:
    place = sync.publish(lead(8))
    reader = sync.subscribe("sales.lead.v1", from_beginning=True)
    assert any((u.partition, u.offset) == (place.partition, place.offset) for u in reader)
    reader.close()


@pytest.mark.stack
def test_a_topic_that_is_not_there_is_told(sync: ChainSync) -> None:
    with pytest.raises(ConnectionFailed, match=r"sales\.nothing\.v1"):
        sync.subscribe("sales.nothing.v1")
