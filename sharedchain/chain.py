"""The SDK: publish typed events, subscribe to decoded ones, settle.

async with Chain() as chain:
    await chain.publish(LeadCaptured(...))
    async for update in chain.subscribe("sales.forecast.live.v1"): ...
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sharedchain.codec import Codec
from sharedchain.configlog import ConfigLog
from sharedchain.contract import check_required, lacking, read_excused
from sharedchain.endpoints import Endpoints
from sharedchain.envelope import Envelope
from sharedchain.errors import Refused
from sharedchain.events import Event
from sharedchain.kafka import consumer, producer
from sharedchain.outbox import Letter, Outbox, Position
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog, EventType
from sharedchain.subscription import Subscription, Update

__all__ = ["Chain", "ChainSync", "Position", "Subscription", "Update", "letter"]

SOURCE = "sharedchain.sdk"


def letter(codec: Codec, event: Event, *, source: str, id: str = "", **said: Any) -> Letter:  # noqa: A002
    """The record that says `event`: complete, checked, encoded. Without `id` it is named by what
    identifies it, so that sending it again is not a second event; a type without identity gets a
    random one. Raises Refused, ConnectionFailed."""
    kind = _kind_of(codec.catalog, event)
    data = event.to_avro()
    check_required(kind, data, lacking(kind, event))
    return written(codec, kind, data, source=source, id=id, **said)


def written(
    codec: Codec,
    kind: EventType,
    data: Mapping[str, Any],
    *,
    source: str,
    id: str = "",  # noqa: A002
    **said: Any,
) -> Letter:
    """As `letter`, from Avro values that the caller answers for."""
    tenant = said.get("tenant") or ""
    subject = said.pop("subject", "") or str(data.get(kind.subject) or "")
    time = _milliseconds(said.pop("time", None))
    name = id or _own_id(kind, tenant, data)
    envelope = Envelope(type=kind.name, id=name, source=source, time=time, subject=subject, **said)
    key = kind.key_of(tenant or codec.catalog.topics[kind.topic].tenant or "default", data)
    return Letter(kind.topic, key, codec.encode(kind, data), envelope.headers(), name)


class ChainSync:
    """A connection to one chain. Open it once, use it from any thread, close it."""

    def __init__(self, endpoints: Endpoints | None = None, *, home: Path | None = None, source: str = SOURCE) -> None:
        """Connect to `endpoints`, else to those in `home` (SHAREDCHAIN_HOME, ./.sharedchain)."""
        self.endpoints = endpoints or Endpoints.load(home)
        self.source = source
        self.codec = Codec(Registry.of(self.endpoints), Catalog.load())

    def publish(self, event: Event, **said: Any) -> Position:
        """Publish and wait until every in-sync replica has it. Arguments as `send`."""
        return self.send(event, **said).result()

    def send(self, event: Event, **said: Any) -> Future[Position]:
        """Hand over; the future holds the Position.

        `said`: id, source, time (aware datetime or milliseconds), tenant, subject, correlation,
        causation, actor, backfill, traceparent. Raises Refused, ConnectionFailed.
        """
        said = {name: value for name, value in said.items() if value is not None}
        said.setdefault("source", self.source)
        return self._outbox.send(letter(self.codec, event, **said))

    def read(self, event_type: str, data: Mapping[str, Any], *, tenant: str = "default") -> Event:
        """The event that `data` (JSON values) says. It may lack what the tenant's flow only reports, as the export of
        another system does. Raises Broken with every fault, ConnectionFailed."""
        kind = self.codec.catalog.types.get(event_type)
        if kind is None:
            raise Refused("undeclared_type", f"{event_type} is no declared event type")
        return read_excused(kind, data, lambda: self.excused(event_type, tenant))

    def excused(self, event_type: str, tenant: str) -> Collection[str]:
        """Contract fields that an event of this type may lack in a tenant, as the log says. Asked at first use."""
        return self._log.excused(event_type, tenant)

    def subscribe(self, topic: str, *, from_beginning: bool = False) -> Subscription:
        """The topic's updates from now on, or from its beginning. Close it when done."""
        reader = consumer(self.endpoints, f"sharedchain.subscribe.{uuid.uuid4().hex}")
        return Subscription(reader, self.codec, topic, from_beginning=from_beginning)

    def settle(self, timeout: float = 60.0) -> None:
        """Return when everything published before is decided and stored. `timeout` in seconds."""
        from sharedchain.barrier import settle

        settle(self.endpoints, timeout)

    def close(self) -> None:
        """Wait for what is under way, then disconnect."""
        if "_outbox" in self.__dict__:
            self._outbox.close()

    def __enter__(self) -> ChainSync:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def _log(self) -> ConfigLog:
        return ConfigLog.read(self.endpoints, self.codec)

    @cached_property
    def _outbox(self) -> Outbox:
        return Outbox(producer(self.endpoints))


class Chain:
    """The same for asyncio: the calls that wait for a peer do so off the loop."""

    def __init__(self, endpoints: Endpoints | None = None, *, home: Path | None = None, source: str = SOURCE) -> None:
        self._sync = ChainSync(endpoints, home=home, source=source)

    async def publish(self, event: Event, **said: Any) -> Position:
        """Publish and wait until every in-sync replica has it. Arguments as `ChainSync.send`."""
        sent = await asyncio.to_thread(self._sync.send, event, **said)
        return await asyncio.wrap_future(sent)

    async def read(self, event_type: str, data: Mapping[str, Any], *, tenant: str = "default") -> Event:
        """The event that `data` (JSON values) says; see `ChainSync.read`."""
        return await asyncio.to_thread(self._sync.read, event_type, data, tenant=tenant)

    def subscribe(self, topic: str, *, from_beginning: bool = False) -> Subscription:
        """`async for update in chain.subscribe(topic)`; see `ChainSync.subscribe`."""
        return self._sync.subscribe(topic, from_beginning=from_beginning)

    async def settle(self, timeout: float = 60.0) -> None:
        await asyncio.to_thread(self._sync.settle, timeout)

    async def close(self) -> None:
        await asyncio.to_thread(self._sync.close)

    async def __aenter__(self) -> Chain:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _kind_of(catalog: Catalog, event: Event) -> EventType:
    for kind in catalog.types.values():
        if isinstance(event, kind.model):
            return kind
    raise Refused("undeclared_type", f"{type(event).__name__} is no declared event type")


def _own_id(kind: EventType, tenant: str, data: Mapping[str, Any]) -> str:
    if not kind.identity:
        return uuid.uuid4().hex
    return "/".join(filter(None, (tenant, kind.name, *(str(data[name]) for name in kind.identity))))


def _milliseconds(time: datetime | int | None) -> int | None:
    if not isinstance(time, datetime):
        return time
    if time.tzinfo is None:
        raise Refused("bad_time", f"{time} has no time zone", "time")
    return round((time - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
