"""The three modes of the CloudEvents HTTP binding, and what each refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.cloudevents import BATCH, MAX_BATCH, STRUCTURED, read
from gateway.problem import Problem

EVENT: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "crm", "type": "lead.captured", "data": {}}


def refused(headers: dict[str, str], body: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        read(headers, json.dumps(body).encode())
    return caught.value


def test_every_attribute_reaches_the_envelope() -> None:
    said: dict[str, Any] = {"subject": "L", "tenant": "acme", "correlationid": "c", "causationid": "d", "actor": "E001"}
    said["traceparent"] = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-03"
    said |= {"backfill": True, "time": "2026-01-01T00:00:00Z"}
    (one,) = read({"content-type": STRUCTURED}, json.dumps(EVENT | said).encode()).events
    envelope = one.envelope
    assert (envelope.subject, envelope.tenant, envelope.correlation, envelope.causation) == ("L", "acme", "c", "d")
    assert (envelope.actor, envelope.backfill, envelope.time) == ("E001", True, 1_767_225_600_000)
    assert envelope.traceparent == said["traceparent"]


def test_unknown_extensions_are_not_an_error() -> None:
    assert read({"content-type": STRUCTURED}, json.dumps(EVENT | {"partitionkey": "x"}).encode()).events


def test_a_binary_event_may_bring_its_trace_as_a_header() -> None:
    headers = {"content-type": "application/json", "traceparent": "00-x", "ce-backfill": "true"}
    headers |= {f"ce-{name}": EVENT[name] for name in ("specversion", "id", "source", "type")}
    (one,) = read(headers, b"{}").events
    assert (one.envelope.traceparent, one.envelope.backfill) == ("00-x", True)


def test_a_binary_event_that_is_not_json_is_415() -> None:
    assert refused({"content-type": "application/avro", "ce-type": "lead.captured"}, {}).status == 415


@pytest.mark.parametrize("body", [[], {}, [EVENT] * (MAX_BATCH + 1), "x"])
def test_a_batch_is_a_list_of_one_to_many(body: Any) -> None:
    assert refused({"content-type": BATCH}, body).code == "bad_batch"


def test_findings_of_a_batch_say_which_event() -> None:
    problem = refused({"content-type": BATCH}, [EVENT, EVENT | {"id": ""}, 7])
    assert [one.field for one in problem.findings] == ["[1].id", "[2]"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": 7}, "id"),
        ({"source": "a\r\nX: y"}, "source"),
        ({"source": "sharedchain:engine"}, "source"),
        ({"subject": "x" * 600}, "subject"),
        ({"time": 7}, "time"),
        ({"time": "2026-01-01"}, "time"),
        ({"backfill": "yes"}, "backfill"),
        ({"data": []}, "data"),
        ({"data_base64": "AA=="}, "data_base64"),
    ],
)
def test_an_attribute_that_cannot_be_is_named(change: dict[str, Any], field: str) -> None:
    problem = refused({"content-type": STRUCTURED}, EVENT | change)
    assert (problem.status, [one.field for one in problem.findings]) == (422, [field])
