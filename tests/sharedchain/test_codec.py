"""The decoder against everything that can stand in a value or in a writer schema."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedchain.codec import MAX_ITEMS, MAX_VALUE, Codec
from sharedchain.errors import ConnectionFailed, Reason, Refused
from sharedchain.events import LeadCaptured
from sharedchain.schemas import Catalog
from tests.depth import examples
from tests.sharedchain.shelf import Shelf

CATALOG = Catalog.load()
LEAD = CATALOG.types["lead.captured"]
FORECAST = CATALOG.types["forecast.published"]
TOPIC = "sales.lead.v1"
EVENT = LeadCaptured(
    lead_id="LEAD-0001",
    customer_industry="AUTOMOTIVE",
    demand_type="NEW",
    expected_amount=Decimal("48000000.00"),
    customer_id="C-DE-01",
    owner_id="E001",
)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def codec(shelf: Shelf) -> Codec:
    return Codec(shelf, CATALOG)


def schema_with(*fields: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A foreign schema of the declared full name: lead_id and `fields`."""
    name = {"type": "record", "name": "LeadCaptured", "namespace": "sharedchain.sales"}
    return {**name, "fields": [{"name": "lead_id", "type": "string"}, *fields], **changed}


def field(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": kind}


def refusal(codec: Codec, value: bytes | None, topic: str = TOPIC) -> Refused:
    with pytest.raises(Refused) as caught:
        codec.decode(topic, value)
    return caught.value


LEAD_1 = b"\x02L"  # Avro of the string "L"


def test_what_was_encoded_comes_back(codec: Codec) -> None:
    value = codec.encode(LEAD, EVENT.to_avro())
    assert value[:5] == b"\0\0\0\0\1"
    decoded = codec.decode(TOPIC, value)
    assert (decoded.type, decoded.schema_id, decoded.data) == (LEAD, 1, EVENT.to_avro())
    assert codec.decode_ours(value) == decoded


def test_values_are_plain_python(codec: Codec, shelf: Shelf) -> None:
    line = {"line_id": "1", "amount": Decimal("1.50"), "expected_date": date(2026, 6, 15)}
    decoded = codec.decode_ours(codec.encode(FORECAST, {"forecast_id": "F", "version": 1, "lines": [line]}))
    assert decoded.data["lines"][0]["expected_date"] == date(2026, 6, 15)
    assert decoded.data["lines"][0]["amount"] == Decimal("1.50")
    assert decoded.data["currency"] == "CNY"
    tick = CATALOG.types["clock.ticked"]
    assert codec.decode_ours(codec.encode(tick, {"at": 1_777_564_800_123, "n": 1})).data["at"] == 1_777_564_800_123


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "tombstone"),
        (b"", "bad_frame"),
        (b"\0\0\0\1", "bad_frame"),
        (b"\1\0\0\0\1" + LEAD_1, "bad_frame"),
        (b'{"lead_id": "L"}', "bad_frame"),
        (b"\0\0\0\x27\x0f" + LEAD_1, "unknown_schema"),
        (b"\0" * (MAX_VALUE + 1), "too_large"),
    ],
    ids=["tombstone", "empty", "short", "other magic", "json", "unknown id", "too large"],
)
def test_frames(codec: Codec, value: bytes | None, reason: Reason) -> None:
    assert refusal(codec, value).reason == reason


NULLABLE = field("owner_id", ["null", "string"])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (LEAD_1[:1], "unreadable"),
        (b"", "unreadable"),
        (b"\x01", "unreadable"),  # length -1
        (b"\xff\xff\xff\xff\x0f", "unreadable"),  # length -2^31
        (b"\x80\x80\x80\x80\x10L", "unreadable"),  # length 2 GiB
        (LEAD_1 + b"\x08", "unreadable"),  # union index 4 of 2
        (b"\x02\xff" + b"\0", "unreadable"),  # not UTF-8
        (LEAD_1 + b"\0" + b"more", "trailing"),
        (LEAD_1 + b"\x80" * 12, "unreadable"),  # a varint that never ends
    ],
    ids=[
        "truncated",
        "empty",
        "length -1",
        "length -2^31",
        "length 2^31",
        "union",
        "utf8",
        "trailing",
        "varint",
    ],
)
def test_bodies(codec: Codec, shelf: Shelf, body: bytes, reason: Reason) -> None:
    assert refusal(codec, shelf.frame(schema_with(NULLABLE), body)).reason == reason


def test_the_honest_twin_of_these_bodies_is_read(codec: Codec, shelf: Shelf) -> None:
    assert codec.decode(TOPIC, shelf.frame(schema_with(NULLABLE), LEAD_1 + b"\0")).data["lead_id"] == "L"


def test_a_type_belongs_to_its_topic(codec: Codec, shelf: Shelf) -> None:
    value = codec.encode(LEAD, EVENT.to_avro())
    assert refusal(codec, value, "sales.target.v1").reason == "undeclared_type"
    assert refusal(codec, shelf.frame(schema_with(name="LeadStolen"), LEAD_1)).reason == "undeclared_type"
    assert refusal(codec, shelf.frame('"string"', LEAD_1)).reason == "undeclared_type"


def nested(depth: int) -> Any:
    kind: Any = "string"
    for level in range(depth):
        kind = {"type": "record", "name": f"N{level}", "fields": [field("x", kind)]}
    return kind


def doubling(levels: int) -> Any:
    """Records without bytes, each used twice by the next: 2^levels decoded from nothing."""
    first: Any = {"type": "record", "name": "Z0", "fields": []}
    for level in range(1, levels + 1):
        fields = [field("a", first), field("b", f"Z{level - 1}")]
        first = {"type": "record", "name": f"Z{level}", "fields": fields}
    return first


EMPTY = {"type": "record", "name": "Empty", "fields": []}
BOMBS: dict[str, Any] = {
    "array of null": {"type": "array", "items": "null"},
    "array of empty records": {"type": "array", "items": EMPTY},
    "array of fixed(0)": {"type": "array", "items": {"type": "fixed", "name": "F0", "size": 0}},
    "array of records of nulls": {
        "type": "array",
        "items": {"type": "record", "name": "N", "fields": [field("a", "null"), field("b", "null")]},
    },
    "recursive": {"type": "record", "name": "Tree", "fields": [field("next", ["null", "Tree"])]},
    "recursive by array": {"type": "record", "name": "T2", "fields": [field("x", {"type": "array", "items": "T2"})]},
    "recursive by the root": ["null", "sharedchain.sales.LeadCaptured"],
    "deep": nested(17),
    "very deep": nested(300),
    "doubling": doubling(12),
    "undefined": "Nobody",
    "huge precision": {"type": "bytes", "logicalType": "decimal", "precision": 10**9, "scale": 0},
    "huge scale": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 10**9},
    "no union": [],
    "no type": {"doc": "x"},
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_unsafe_schemas(codec: Codec, shelf: Shelf, bomb: Any) -> None:
    value = shelf.frame(schema_with(field("x", bomb)), LEAD_1 + b"\xfe\xff\xff\xff\x0f")
    assert refusal(codec, value).reason == "unsafe_schema"


def test_schemas_too_wide_or_too_long(codec: Codec, shelf: Shelf) -> None:
    wide = schema_with(*(field(f"f{n}", "string") for n in range(200)))
    assert refusal(codec, shelf.frame(wide, LEAD_1)).reason == "unsafe_schema"
    assert refusal(codec, shelf.frame(schema_with(doc="x" * 65536), LEAD_1)).reason == "unsafe_schema"
    assert refusal(codec, shelf.frame("[" * 60_000, LEAD_1)).reason == "unsafe_schema"
    fits = schema_with(*(field(f"f{n}", ["null", "string"]) for n in range(199)))
    assert codec.decode(TOPIC, shelf.frame(fits, LEAD_1 + b"\0" * 199)).data["lead_id"] == "L"


def test_a_named_type_used_twice_is_no_recursion(codec: Codec, shelf: Shelf) -> None:
    pair = {"type": "record", "name": "P", "fields": [field("x", "string")]}
    value = shelf.frame(schema_with(field("a", pair), field("b", "P")), LEAD_1 * 3)
    assert codec.decode(TOPIC, value).data["lead_id"] == "L"


MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("string", "unreadable"),
        ("double", "unreadable"),
        ("bytes", "unreadable"),
        ({**MONEY, "scale": 4}, "unreadable"),
    ],
)
def test_money_that_would_be_taken_for_other_money(codec: Codec, shelf: Shelf, kind: Any, reason: Reason) -> None:
    value = shelf.frame(schema_with(field("expected_amount", kind)), LEAD_1 + b"\x02\x01")
    refused = refusal(codec, value)
    assert refused.reason == reason


def test_microseconds_are_not_read_as_milliseconds(codec: Codec, shelf: Shelf) -> None:
    schema = schema_with(field("contact_id", "string"), name="LeadContactLogged")
    for kind, told in (("timestamp-micros", "unreadable"), ("timestamp-millis", None), (None, None)):
        at = {"type": "long", **({"logicalType": kind} if kind else {})}
        value = shelf.frame({**schema, "fields": [*schema["fields"], field("at", at)]}, LEAD_1 + LEAD_1 + b"\x54")
        if told:
            assert refusal(codec, value).reason == told
        else:
            assert codec.decode(TOPIC, value).data["at"] == 42


@pytest.mark.parametrize("precision", [18, 38, 77])
def test_amounts_beyond_the_contract_are_refused_not_rounded(codec: Codec, shelf: Shelf, precision: int) -> None:
    schema = schema_with(field("expected_amount", {**MONEY, "precision": precision}))
    unscaled = (10**30).to_bytes(13, "big", signed=True)
    refused = refusal(codec, shelf.frame(schema, LEAD_1 + b"\x1a" + unscaled))
    assert (refused.reason, refused.field) == ("domain", "expected_amount")
    with pytest.raises(Refused, match="expected_amount"):
        codec.encode(LEAD, {"lead_id": "L", "expected_amount": Decimal("1E+30")})


@pytest.mark.parametrize("amount", [Decimal("1.005"), Decimal("NaN"), Decimal("Infinity"), 1.5, "1.50"])
def test_what_does_not_fit_our_schema_is_not_written(codec: Codec, amount: Any) -> None:
    with pytest.raises(Refused) as caught:
        codec.encode(LEAD, {"lead_id": "L", "expected_amount": amount})
    assert caught.value.reason == "domain"


def test_a_misspelt_field_is_not_written(codec: Codec) -> None:
    with pytest.raises(Refused, match="expected_amonut"):
        codec.encode(LEAD, {"lead_id": "L", "expected_amonut": Decimal(1)})


def test_what_is_derived_may_be_longer_than_what_was_published(codec: Codec) -> None:
    region = "x" * (MAX_VALUE - 40)
    with pytest.raises(Refused, match="more than"):
        codec.encode(LEAD, EVENT.model_dump() | {"region": region})
    live = CATALOG.types["record.rejected"]
    told = {"text": region * 2, "reason": "domain"}
    names = [f["name"] for f in live.schema["fields"] if f["type"] == "string" and f["name"] not in told]
    whole = {"original_partition": 0, "original_offset": 0, "schema_id": None, "value": None}
    value = codec.encode(live, dict.fromkeys(names, "") | whole | told)
    assert codec.decode_ours(value).data["text"] == region * 2
    with pytest.raises(Refused, match="more than"):
        codec.encode(live, dict.fromkeys(names, "") | whole | told | {"text": region * 2 + "x" * 80})


def test_too_many_lines(codec: Codec, shelf: Shelf) -> None:
    schema = deepcopy(dict(FORECAST.schema))
    lines = [{"line_id": "x"}] * (MAX_ITEMS + 1)
    value = shelf.write(schema, {"forecast_id": "F", "version": 1, "lines": lines})
    assert len(value) < MAX_VALUE
    refused = refusal(codec, value, "sales.forecast.v1")
    assert (refused.reason, refused.field) == ("too_large", "lines")


def test_an_older_and_a_newer_writer_are_read(codec: Codec, shelf: Shelf) -> None:
    older = schema_with(field("owner_id", ["null", "string"]))
    newer = {**LEAD.schema, "fields": [*LEAD.schema["fields"], {**field("mood", ["null", "string"]), "default": None}]}
    assert codec.decode(TOPIC, shelf.write(older, {"lead_id": "L", "owner_id": "E"})).data == {
        **dict.fromkeys(f["name"] for f in LEAD.schema["fields"]),
        "lead_id": "L",
        "owner_id": "E",
        "currency": "CNY",
    }
    assert "mood" not in codec.decode(TOPIC, shelf.write(newer, {"lead_id": "L", "mood": "good"})).data


def test_a_foreign_enum_or_renamed_record_does_not_resolve(codec: Codec, shelf: Shelf) -> None:
    enum = {"type": "enum", "name": "Channel", "symbols": ["FAIR", "WEB"]}
    value = shelf.frame(schema_with(field("channel", enum)), LEAD_1 + b"\x02")
    assert refusal(codec, value).reason == "unreadable"


def test_a_registry_that_is_down_refuses_nobody(codec: Codec, shelf: Shelf) -> None:
    value = shelf.frame(schema_with(), LEAD_1)
    shelf.down = ConnectionFailed("down")
    with pytest.raises(ConnectionFailed):
        codec.decode(TOPIC, value)
    shelf.down = None
    assert codec.decode(TOPIC, value).data["lead_id"] == "L"


def test_a_verdict_on_a_schema_is_kept_and_its_refusals_are_fresh(codec: Codec, shelf: Shelf) -> None:
    value = shelf.frame(schema_with(field("x", BOMBS["array of null"])), LEAD_1)
    first, second = refusal(codec, value), refusal(codec, value)
    assert shelf.asks == 1
    assert first is not second
    assert first.text == second.text


@examples(300)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(body: bytes, honest_prefix: bool) -> None:
    shelf = Shelf()
    codec = Codec(shelf, CATALOG)
    value = shelf.frame(json.dumps(FORECAST.schema), body) if honest_prefix else body
    with suppress(Refused):  # any other exception would stop a partition
        codec.decode("sales.forecast.v1", value)
