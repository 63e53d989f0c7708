"""A dead letter is the record as it was, with the reason behind its own headers."""

from __future__ import annotations

from streams.ingest import letters
from tests.streams.ingest.rig import Rig


def test_original_headers_come_first_and_ours_are_last() -> None:
    rig = Rig()
    rig.take("sales.lead.v1", b"junk", key=b"k", source="crm", tenant="t")
    (letter,) = rig.last.dead
    said = letters.headers(letter, rig.record, 3)
    count = int(dict(said)["sc_headers"] or b"")
    assert tuple(said[:count]) == rig.record.headers
    names = dict(said)
    assert names["__connect.errors.topic"] == b"sales.lead.v1"
    assert names["__connect.errors.offset"] == str(rig.record.offset).encode()
    assert names["__connect.errors.exception.class.name"] == names["sc_reason"] == b"bad_frame"
    assert (names["sc_key"], names["sc_tenant"], names["sc_source"]) == (b"k", b"t", b"crm")
    assert letters.value(rig.record) == b"junk"


def test_a_header_of_the_sender_cannot_speak_for_us() -> None:
    rig = Rig()
    record = rig.take("sales.lead.v1", b"junk")
    assert record
    (letter,) = rig.last.dead
    forged = rig.record.__class__("sales.lead.v1", 0, 1, None, b"junk", (("sc_reason", b"fine"),), 0)
    assert dict(letters.headers(letter, forged, 0))["sc_reason"] == b"bad_frame"


def test_what_no_topic_can_hold_is_cut_and_says_so() -> None:
    rig = Rig()
    rig.take("sales.lead.v1", b"x" * 2_000_000)
    (letter,) = rig.last.dead
    assert dict(letters.headers(letter, rig.record, 0))["sc_truncated"] == b"2000000"
    assert len(letters.value(rig.record) or b"") == 1_500_000
