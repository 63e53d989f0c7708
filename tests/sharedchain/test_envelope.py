from __future__ import annotations

import pytest

from sharedchain.envelope import Envelope, parse_time, read_headers, rfc3339
from sharedchain.errors import Refused

FULL = Envelope(
    type="lead.captured",
    id="1",
    source="crm",
    time=1_777_564_800_123,
    subject="LEAD-0001",
    tenant="东辰",
    correlation="c",
    causation="b",
    actor="E001",
    backfill=True,
    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03",
)


def test_headers_come_back_as_they_went() -> None:
    assert read_headers(FULL.headers()) == FULL


def test_they_are_cloudevents_in_binary_mode() -> None:
    said = dict(FULL.headers())
    assert said["ce_specversion"] == b"1.0"
    assert said["ce_time"] == b"2026-04-30T16:00:00.123Z"
    assert said["ce_correlationid"] == b"c"
    assert said["content-type"] == b"application/avro"


def test_what_is_not_said_is_no_header() -> None:
    assert dict(Envelope(type="x").headers()) == {
        "ce_specversion": b"1.0",
        "content-type": b"application/avro",
        "ce_type": b"x",
    }


@pytest.mark.parametrize("headers", [None, [], [("other", b"\xff")]])
def test_no_headers_are_an_empty_envelope(headers: list[tuple[str, bytes]] | None) -> None:
    assert read_headers(headers) == Envelope(type="")


def test_the_last_of_repeated_headers_wins() -> None:
    assert read_headers([("ce_id", b"1"), ("ce_id", b"2")]).id == "2"


@pytest.mark.parametrize(
    ("name", "value"),
    [("ce_id", b"\xff\xfe"), ("ce_time", b"yesterday"), ("ce_time", b"2026-05-01T00:00:00"), ("ce_time", b"")],
)
def test_a_header_that_cannot_be_read_is_refused_by_name(name: str, value: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read_headers([(name, value)])
    assert (caught.value.reason, caught.value.field) == ("bad_header", name)


@pytest.mark.parametrize("text", ["2026-05-01T00:00:00+08:00", "2026-04-30T16:00:00Z", "2026-04-30T16:00:00.000400Z"])
def test_times_are_milliseconds_in_utc(text: str) -> None:
    assert parse_time(text) == 1_777_564_800_000


@pytest.mark.parametrize("ms", [0, 1, 999, -1, 1_777_564_800_123])
def test_every_millisecond_survives(ms: int) -> None:
    assert parse_time(rfc3339(ms)) == ms
