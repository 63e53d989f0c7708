"""A dead letter reads back what ingest wrote, and never fails on what somebody else did."""

from __future__ import annotations

from typing import Any

from sharedchain.deadletter import read
from streams.ingest import letters
from tests.streams.ingest.rig import Rig, lead


class Message:
    """A consumed record."""

    def __init__(self, value: Any, key: Any, headers: Any) -> None:
        self._said = (value, key, headers)

    def topic(self) -> str:
        return "sales.lead.v1.dlq.v1"

    def value(self) -> Any:
        return self._said[0]

    def key(self) -> Any:
        return self._said[1]

    def headers(self) -> Any:
        return self._said[2]


def test_it_reads_back_what_ingest_wrote() -> None:
    rig = Rig()
    rig.publish("lead.captured", lead(expected_amount=None), source="crm", id="9", tenant="t")
    (sent,) = rig.last.dead
    message: Any = Message(rig.record.value, sent.place.encode(), letters.headers(sent, rig.record, 0))
    found = read(message)
    assert (found.position, found.topic, found.tenant) == (sent.place, "sales.lead.v1", "t")
    assert (found.reason, found.field, found.owner) == ("missing_field", "expected_amount", "E-1")
    assert (found.source, found.id, found.type, found.subject) == ("crm", "9", "lead.captured", "L-1")
    assert (found.value, found.key, found.headers) == (rig.record.value, None, rig.record.headers)
    assert found.recorded == rig.now


def test_a_letter_of_a_stranger_is_read_too() -> None:
    message: Any = Message(None, None, [("x", None), ("sc_recorded", b"soon"), ("sc_headers", b"-")])
    found = read(message)
    assert (found.position, found.reason, found.recorded, found.value) == ("", "", 0, None)
    assert len(found.headers) == 3
