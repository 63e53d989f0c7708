"""Builds the real door: Kafka, registry and ClickHouse as endpoints.json names them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from gateway.checks import Contract
from gateway.door import Door, Probe
from gateway.feed import KafkaFeed
from gateway.meters import Meters
from gateway.publisher import KafkaPublisher
from gateway.slots import Slots
from gateway.store import ClickHouseStore
from sharedchain import dialects, flowcheck, kafka
from sharedchain.codec import Codec
from sharedchain.dictionary import load_dictionaries
from sharedchain.endpoints import Endpoints
from sharedchain.outbox import Outbox
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog, data_root
from sharedchain.tls import trust

MAX_STREAMS = 32
_PROBE_SECONDS = 2.0


@contextmanager
def opened(endpoints: Endpoints) -> Iterator[Door]:
    """The door, until the block ends. Nothing need answer yet: peers are met at first use."""
    catalog = Catalog.load()
    codec = Codec(Registry.of(endpoints), catalog)
    # a record whose caller was told to come again must not wait in the queue for minutes
    producer = kafka.producer(endpoints, message_timeout_ms=12_000)
    outbox = Outbox(producer)
    store = ClickHouseStore(endpoints.clickhouse)
    meters = Meters()

    async def broker_answers() -> None:
        await asyncio.to_thread(producer.list_topics, timeout=_PROBE_SECONDS)

    try:
        yield Door(
            contract=_contract(catalog),
            store=store,
            publisher=KafkaPublisher(outbox, codec),
            feed=KafkaFeed(lambda: kafka.consumer(endpoints, "gateway-stream"), codec),
            probes={"kafka": broker_answers, "registry": _registry_answers(endpoints), "clickhouse": store.ping},
            link_secret=endpoints.link_secret,
            wall=lambda: time.time_ns() // 1_000_000,
            meters=meters,
            streams=Slots(MAX_STREAMS, meters.streams),
        )
    finally:
        outbox.close()


def _contract(catalog: Catalog) -> Contract:
    dictionaries = load_dictionaries()
    flows = flowcheck.load(data_root(), dictionaries)
    return Contract(catalog=catalog, dictionaries=dictionaries, dialects=dialects.ours(catalog, dictionaries, flows))


def _registry_answers(endpoints: Endpoints) -> Probe:
    said = endpoints.registry_access
    login = (said.login.user, said.login.password.get_secret_value()) if said.login else None
    more: dict[str, Any] = {"verify": trust(said.ca)} if said.ca else {}

    async def probe() -> None:
        async with httpx2.AsyncClient(timeout=_PROBE_SECONDS, auth=login, **more) as client:
            (await client.get(f"{endpoints.registry.rstrip('/')}/subjects")).raise_for_status()

    return probe
