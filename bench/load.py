"""The business events of a bench: leads and their life, forecasts in versions; by seed and number alone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.envelope import Envelope, Headers
from sharedchain.kafka import producer
from sharedchain.scope import partition_of

PARTITIONS = 4  # of a domain topic


@dataclass(frozen=True, slots=True)
class Message:
    """A record to publish, ready in bytes."""

    topic: str
    partition: int
    value: bytes
    headers: Headers


def tenants(tag: str, count: int = 6) -> list[str]:
    """Names that nobody used before, on `count` different partitions of the spine."""
    found: dict[int, str] = {}
    for n in range(1000):
        name = f"{tag}-{n}"
        found.setdefault(partition_of(name), name)
        if len(found) == count:
            break
    return list(found.values())


def business(codec: Codec, scopes: list[str], count: int) -> list[Message]:
    """Of ten events: four leads, three contacts, one end, two forecasts of two lines. None is refused."""
    now = time.time_ns() // 1_000_000
    return [_message(codec, n, scopes, now) for n in range(count)]


def bare_leads(codec: Codec, scopes: list[str], count: int, tag: str) -> list[tuple[str, Message]]:
    """Leads without an owner, by their ids: each is refused, and R-15 raises an alert about it."""
    now = time.time_ns() // 1_000_000
    made = []
    for n in range(count):
        name = f"{tag}-{n}"
        made.append((name, _framed(codec, "lead.captured", _lead(name) | {"owner_id": None}, scopes[n % 6], name, now)))
    return made


def send(endpoints: Endpoints, messages: Iterable[Message], topic: str | None = None) -> None:
    """Publish all, on their topics or on `topic`; return when the broker has them."""
    client, failed = producer(endpoints, linger_ms=5), list[Any]()

    def done(error: Any, _: Any) -> None:
        if error:
            failed.append(error)

    for message in messages:
        client.produce(
            topic or message.topic, message.value, None, message.partition, headers=[*message.headers], on_delivery=done
        )
        client.poll(0)
    client.flush()
    assert not failed, failed[0]


def _message(codec: Codec, n: int, scopes: list[str], now: int) -> Message:
    block, turn = divmod(n, 10)
    lead, (round_, own) = f"L-{block}", divmod(block, len(scopes))
    match turn:
        case 0 | 1 | 2 | 3:
            kind, data = "lead.captured", _lead(lead if turn == 0 else f"{lead}-{turn}")
        case 4 | 5 | 6:
            kind, data = "lead.contact.logged", {"lead_id": lead, "contact_id": f"C-{n}", "at": now, "channel": "TEL"}
        case 7:
            kind, data = "lead.converted", {"lead_id": lead, "opportunity_id": f"O-{n}", "by": "E-1"}
        case _:
            kind, data = "forecast.published", _forecast(round_ % 20 * 2 + turn % 2, round_ // 20 + 1)
    return _framed(codec, kind, data, scopes[own], str(n), now, block % PARTITIONS)


def _framed(
    codec: Codec, kind: str, data: dict[str, Any], scope: str, name: str, now: int, partition: int = 0
) -> Message:
    own = codec.catalog.types[kind]
    full = {f["name"]: f.get("default") for f in own.schema["fields"]} | data
    said = Envelope(type=kind, id=name, source="bench", tenant=scope, time=now)
    return Message(own.topic, partition, codec.encode(own, full), said.headers())


def _lead(name: str) -> dict[str, Any]:
    terms = {"customer_industry": "AUTOMOTIVE", "demand_type": "NEW", "prospect_name": "Example"}
    return {"lead_id": name, "expected_amount": Decimal("48000.00"), "owner_id": "E-1", **terms}


def _forecast(number: int, version: int) -> dict[str, Any]:
    names = ("opportunity_id", "product_id", "quantity", "expected_date", "confidence", "rationale")
    line = dict.fromkeys(names) | {"line_id": "1", "basis": "PROJECT", "opportunity_id": "O-1"}
    lines = [
        line | {"line_id": str(i), "amount": Decimal(1000 + version + i).quantize(Decimal("0.01"))} for i in (1, 2)
    ]
    place = {"period": "2026Q4", "org_id": "SALES", "region": "CN", "owner_id": "E-1", "currency": "CNY"}
    return {"forecast_id": f"F-{number}", "version": version, **place, "lines": lines}
