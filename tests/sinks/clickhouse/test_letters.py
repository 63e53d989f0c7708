"""Dead letters as ingest writes them, and records of ours that nobody can read."""

from __future__ import annotations

from sharedchain.envelope import Headers
from sharedchain.errors import Refused
from sinks.batch import Record
from sinks.clickhouse.letters import refused_here, taken_over

DLQ = "sales.lead.v1.dlq.v1"
ADDED: Headers = [
    ("__connect.errors.topic", b"sales.lead.v1"),
    ("__connect.errors.partition", b"2"),
    ("__connect.errors.offset", b"41"),
    ("sc_reason", b"missing_field"),
    ("sc_field", b"expected_amount"),
    ("sc_text", "缺金额".encode()),
    ("sc_tenant", b"acme"),
    ("sc_source", b"crm"),
    ("sc_type", b"lead.captured"),
    ("sc_subject", b"LEAD-0099"),
    ("sc_recorded", b"1777000000000"),
]


def letter(original: Headers, value: bytes | None = b"\x00raw") -> Record:
    return Record(DLQ, 0, 7, None, value, [*original, *ADDED, ("sc_headers", str(len(original)).encode())])


def test_a_letter_says_where_it_came_from_and_why() -> None:
    read = taken_over(letter([("ce_id", b"e-1")]))
    assert (read.topic, read.origin, read.dlq_topic, read.dlq) == ("sales.lead.v1", (2, 41), DLQ, (0, 7))
    assert (read.reason, read.field, read.text) == ("missing_field", "expected_amount", "缺金额")
    assert (read.tenant, read.source, read.type, read.subject) == ("acme", "crm", "lead.captured", "LEAD-0099")
    assert (read.recorded, read.headers, read.value) == (1_777_000_000_000, [("ce_id", b"e-1")], b"\x00raw")


def test_what_a_publisher_put_into_its_headers_is_not_believed() -> None:
    read = taken_over(letter([("sc_reason", b"fine"), ("__connect.errors.offset", b"0"), ("sc_key", b"\xff")]))
    assert (read.reason, read.origin) == ("missing_field", (2, 41))


def test_a_letter_without_our_headers_is_kept_all_the_same() -> None:
    read = taken_over(Record(DLQ, 0, 7, None, None, [("x", b"\xff")]))
    assert (read.topic, read.origin, read.reason, read.value, read.recorded) == ("sales.lead.v1", (-1, -1), "", b"", 0)


def test_a_record_of_ours_that_cannot_be_read_keeps_its_bytes() -> None:
    record = Record(
        "ops.alert.v1", 3, 9, None, b"junk", [("ce_tenant", b"acme"), ("sc_recorded", b"5"), ("ce_id", b"\xff")]
    )
    read = refused_here(record, Refused("bad_frame", "no frame", "value"))
    assert (read.topic, read.origin, read.reason, read.field) == ("ops.alert.v1", (3, 9), "bad_frame", "value")
    assert (read.value, read.dlq_topic, read.recorded) == (b"junk", "", 5)
