"""A trace begun by the publisher goes through the spine and the alert to the message that a person gets."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from sharedchain.chain import ChainSync
from sharedchain.endpoints import Endpoints
from sharedchain.envelope import Envelope
from sharedchain.events import MasterEmployeeUpserted
from sharedchain.kafka import producer

pytestmark = [pytest.mark.slow, pytest.mark.stack]
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TENANT = "traced"


@pytest.fixture
def chain(stack: Endpoints) -> Iterator[ChainSync]:
    with ChainSync(stack, source="test.trace") as opened:
        yield opened


def traces(chain: ChainSync, topic: str) -> list[tuple[str, str]]:
    """(type, traceparent) of this tenant's first record of a topic."""
    reader = chain.subscribe(topic, from_beginning=True)
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            update = reader.poll(0.5)
            if update is not None and update.envelope.tenant == TENANT:
                return [(update.type, update.envelope.traceparent)]
    finally:
        reader.close()
    return []


def test_from_publisher_to_notification(stack: Endpoints, chain: ChainSync) -> None:
    steward = MasterEmployeeUpserted(employee_id="E900", org_id="ORG", role="data_steward", channels=None)
    chain.publish(steward, tenant=TENANT)
    chain.settle()
    kind = chain.codec.catalog.types["lead.captured"]
    data = dict.fromkeys((field["name"] for field in kind.schema["fields"]), None) | {"lead_id": "LEAD-900"}
    envelope = Envelope(type=kind.name, id="t-1", source="test.trace", tenant=TENANT, traceparent=TRACE)
    out = producer(stack)
    out.produce(kind.topic, chain.codec.encode(kind, data), b"LEAD-900", headers=list(envelope.headers()))
    out.flush(10)
    chain.settle()
    assert traces(chain, "ops.alert.v1") == [("alert.raised", TRACE)]
    assert traces(chain, "ops.notification.v1") == [("notification.sent", TRACE)]
