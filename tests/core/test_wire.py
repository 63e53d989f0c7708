"""Strangers' amounts, times and texts: decided without an exception, and everything derived can be written."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedchain.codec import MAX_DERIVED
from sharedchain.core import wire
from sharedchain.fact import Derived
from sharedchain.schemas import Catalog
from tests.core.line import Line
from tests.core.test_fold import stories, tell
from tests.depth import examples

CATALOG = Catalog.load()
PARSED = {name: fastavro.parse_schema(dict(kind.schema)) for name, kind in CATALOG.types.items()}


def write(derived: Derived) -> bytes:
    """As the codec writes it; every field of our schema must be said, or have a default."""
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, PARSED[derived.type], dict(derived.data), strict_allow_default=True)
    return buffer.getvalue()


@examples(25)
@given(stories)
def test_everything_derived_can_be_written(story: list[Any]) -> None:
    for derived in tell(story).said:
        assert write(derived)
        assert CATALOG.types[derived.type].key_of(derived.scope, derived.data)


amounts = st.decimals(-(10**16) + 1, 10**16 - 1, places=2, allow_nan=False, allow_infinity=False)
times = st.integers(-62_135_596_800_000, 253_402_300_799_999)  # what a `ce_time` header can say: years 1 … 9999


@examples(25)
@given(st.lists(amounts, max_size=4), amounts, times, st.text(max_size=400), st.booleans())
def test_nothing_a_stranger_says_stops_the_core(
    parts: list[Decimal], target: Decimal, time: int, text: str, backfill: bool
) -> None:
    line = Line()
    line.begin("2026-04-20 10:00")
    lines = [{"line_id": str(n), "basis": "PROJECT", "amount": amount} for n, amount in enumerate(parts)]
    line.add("fact", "target.set", {"target_id": text, "period": text, "metric": "sales", "amount": target})
    line.forecast("DE", 1, {}, lines=lines, period=text, time=time, backfill=backfill, owner_id=text)
    line.forecast("BR", 1, {}, lines=lines, period=text, time=time)
    line.refuse("lead.captured", text * 9_000, text, owner=text)
    line.add("fact", "lead.captured", {"lead_id": text, "owner_id": None, "region": text}, time=time)
    for at in ("2026-04-20 10:01", "2026-04-21 00:00", "2026-05-02 00:00"):
        line.tick(at)
    assert line.state.scopes["dongchen"].dirty_flows == {}
    for derived in line.said:
        assert len(write(derived)) < 500_000


def test_long_words_make_no_long_keys_and_no_record_that_kafka_would_not_take() -> None:
    line, long = Line(), "\x01" * 200_000
    line.begin("2026-04-20 10:00")
    line.add("fact", "lead.captured", {"lead_id": "L", "owner_id": "E001", "region": long, "channel": long})
    line.target(1, period=long)
    line.forecast(long, 1, {"OPP": 1}, period=long, forecast_id="FC")
    line.opportunity("OPP", 1, region=long, product_id=long)
    line.store("S", "E100")
    line.equipment("EQ", "S", temp=("1", "1", "C"))
    line.reading("EQ", "temp", "9", unit=long)
    line.equipment("EQ2", "S", temp=("1", "1", long))
    line.reading("EQ2", "temp", "9", unit=long)
    line.employee("E101", "store_manager")
    line.add(
        "fact",
        "master.employee.upserted",
        {"employee_id": "E090", "role": "data_steward", "channels": {"email": long, "im": long}},
    )
    line.refuse("lead.captured", "x", "f", reason="unknown_term", value="v")
    for at in ("2026-04-20 10:01", "2026-04-21 00:00"):
        line.tick(at)
    rang = {derived.data["rule_id"] for derived in line.said if derived.type == "alert.raised"}
    assert {"R-06", "R-17", "R-37"} <= rang
    for derived in line.said:
        assert len(CATALOG.types[derived.type].key_of(derived.scope, derived.data)) + len(derived.subject) < 10_000
        assert len(write(derived)) < MAX_DERIVED


def test_an_alert_that_very_many_would_be_told_of_can_be_written() -> None:
    line = Line()
    line.begin("2026-04-20 10:00")
    for n in range(6_000):
        line.employee(f"M{n:05d}", "store_manager")
    line.store("S", "")
    line.equipment("EQ", "S", temp=("1", "1", ""))
    (alert,) = [derived for derived in line.reading("EQ", "temp", "9") if derived.type == "alert.raised"]
    assert len(alert.data["recipients"]) == 200
    assert len(write(alert)) < MAX_DERIVED


def test_a_forecast_of_many_lines_without_support_can_be_written() -> None:
    line = Line()
    line.begin("2026-04-20 10:00")
    ids = [f"{n:0>500}" for n in range(450)]
    lines = [{"line_id": id_, "basis": "PROJECT", "opportunity_id": "OPP", "amount": Decimal(1)} for id_ in ids]
    line.forecast("DE", 1, {}, lines=lines)
    line.opportunity("OPP", 1)
    assert all(len(write(derived)) < MAX_DERIVED for derived in line.said)


@pytest.mark.parametrize(
    ("value", "rate"), [("0.00005", "0.0001"), ("99999999999999", "99999999999999"), ("1E14", None)]
)
def test_rates_round_half_up_or_have_no_value(value: str, rate: str | None) -> None:
    assert wire.rate(Decimal(value)) == (Decimal(rate) if rate else None)


def test_no_number() -> None:
    strange: list[Any] = ["NaN", "Infinity", "x", None, True, []]
    assert [wire.number(value) for value in strange] == [None] * 6
    assert wire.number("1.50") == Decimal("1.50")


def test_a_long_subject_stays_itself() -> None:
    long, other = "x" * 1_000, "x" * 999 + "y"
    assert len(wire.name(long)) == 200
    assert wire.name(long) != wire.name(other)
    assert wire.name("C-CN-99") == "C-CN-99"
