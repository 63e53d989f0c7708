from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from sharedchain.codec import Codec
from sharedchain.envelope import Envelope, Headers, read_headers
from sharedchain.errors import Refused
from sharedchain.fact import Derived, Fact
from sharedchain.schemas import Catalog
from sharedchain.spine import BY_KEY, derived_record, read_derived_from, read_fact, read_fact_from, spine_headers
from tests.sharedchain.shelf import Shelf

CATALOG = Catalog.load()
ENVELOPE = Envelope(
    type="lead.captured",
    id="1",
    source="crm",
    time=4,
    subject="L",
    tenant="东辰",
    actor="E",
    correlation="c",
)


class Message:
    def __init__(self, value: bytes, headers: Headers) -> None:
        self._value, self._headers = value, headers

    def value(self) -> bytes:
        return self._value

    def headers(self) -> Headers:
        return self._headers

    def partition(self) -> int:
        return 4

    def offset(self) -> int:
        return 99


@pytest.fixture
def codec() -> Codec:
    return Codec(Shelf(), CATALOG)


def stamped(envelope: Envelope = ENVELOPE) -> Headers:
    return spine_headers(envelope, seq=7, recorded=5, kind="fact", scope="东辰", src="sales.lead.v1/0/3")


def test_a_spine_record_is_a_fact(codec: Codec) -> None:
    data = {"lead_id": "L", "expected_amount": Decimal("1.50")}
    value = codec.encode(CATALOG.types["lead.captured"], data)
    fact = read_fact(codec, Message(value, stamped()))
    assert fact == Fact(
        partition=4, seq=7, recorded=5, kind="fact", scope="东辰", type="lead.captured", id="1", source="crm",
        subject="L", time=4, tenant="东辰", data=codec.decode_ours(value).data, actor="E", correlation="c",
    )  # fmt: skip
    assert (fact.offset, fact.src) == (99, "sales.lead.v1/0/3")
    assert fact.data["expected_amount"] == Decimal("1.50")


@pytest.mark.parametrize("missing", ["sc_seq", "sc_recorded", "sc_kind", "sc_scope", "sc_src"])
def test_a_record_that_ingest_did_not_write_is_refused_by_the_header(codec: Codec, missing: str) -> None:
    value = codec.encode(CATALOG.types["lead.captured"], {"lead_id": "L"})
    headers = [(name, said) for name, said in stamped() if name != missing]
    with pytest.raises(Refused) as caught:
        read_fact_from(codec, partition=0, offset=0, headers=headers, value=value)
    assert (caught.value.reason, caught.value.field) == ("bad_header", missing)


def test_a_number_in_words_is_refused(codec: Codec) -> None:
    value = codec.encode(CATALOG.types["lead.captured"], {"lead_id": "L"})
    with pytest.raises(Refused, match="sc_seq"):
        read_fact_from(codec, partition=0, offset=0, headers=[*stamped(), ("sc_seq", b"seven")], value=value)


REQUEST = Derived(
    type="forecast.refresh.requested",
    id="d1",
    subject="F",
    scope="东辰",
    partition=4,
    seq=7,
    n=2,
    recorded=5,
    time=4,
    causation="1",
    correlation="c",
    backfill=True,
    data={"forecast_id": "F", "age_days": 11, "last_version": 1, "owner_id": "E", "link": "/x"},
)


def test_what_is_derived_goes_to_the_partition_of_its_cause_and_comes_back(codec: Codec) -> None:
    record = derived_record(codec, REQUEST)
    assert (record.topic, record.partition) == ("sales.forecast.live.v1", 4)
    assert record.key.decode() == "东辰/F/refresh"
    assert dict(record.headers)["ce_source"] == b"chain.engine"
    assert read_derived_from(codec, headers=record.headers, value=record.value) == REQUEST


def test_a_command_looks_like_what_a_publisher_sends(codec: Codec) -> None:
    data = {"case_id": "SE-0001", "template_id": "SE", "subject": "LOT-77"}
    record = derived_record(codec, replace(REQUEST, type="case.opened", subject="SE-0001", backfill=False, data=data))
    assert (record.topic, record.partition, record.key) == ("chain.command.v1", BY_KEY, b"SE-0001")
    told = read_headers(record.headers)
    assert (told.source, told.id, told.type, told.time, told.tenant) == (
        "sharedchain:engine", "d1", "case.opened", 4, "东辰",
    )  # fmt: skip
    assert told.causation == "1"
    assert not [name for name, _ in record.headers if name.startswith("sc_")]
    assert codec.decode(record.topic, record.value).data["template_id"] == "SE"


def test_the_same_derived_event_is_the_same_bytes(codec: Codec) -> None:
    assert derived_record(codec, REQUEST) == derived_record(codec, REQUEST)


def test_keys_of_measures_hold_their_dimensions(codec: Codec) -> None:
    kind = CATALOG.types["metric.minute.computed"]
    data = {"metric_id": "M-01", "dims": {"b": "2", "a": "1"}}
    assert kind.key_of("t", data) == b'M-01/{"a":"1","b":"2"}'


def test_a_stamp_that_is_no_text_is_refused() -> None:
    headers: Headers = [("sc_scope", b"\xff\xfe"), ("sc_seq", b"1"), ("sc_recorded", b"2"), ("sc_kind", b"fact")]
    with pytest.raises(Refused) as caught:
        read_fact(Codec(Shelf(), CATALOG), Message(b"", headers))
    assert (caught.value.reason, caught.value.field) == ("bad_header", "sc_scope")


def test_no_tenants_key_is_another_ones() -> None:
    kind = CATALOG.types["opportunity.created"]
    assert kind.key_of("t", {"opportunity_id": "OPP-1"}) == b"t/OPP-1/created"
    names = [("a", "b/c"), ("a/b", "c"), ("a%2Fb", "c"), ("a", "b%2Fc")]
    assert len({kind.key_of(tenant, {"opportunity_id": id_}) for tenant, id_ in names}) == 4
