"""A slice of telemetry says the same whole and row by row: readings, and which records are refused and why."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharedchain.codec import MAX_VALUE, Codec
from sharedchain.envelope import Headers
from sharedchain.errors import ConnectionFailed
from sharedchain.schemas import Catalog
from sharedchain.telemetry import BOUND, MANY, Slice, Slices
from tests.sharedchain.shelf import Shelf

CATALOG = Catalog.load()
NOW, DAY = 1_777_000_000_000, 86_400_000
ONE, SOME = CATALOG.types["telemetry.reading"], CATALOG.types["telemetry.readings"]


@dataclass(frozen=True)
class Seen:
    offset: int
    value: bytes | None
    headers: Headers
    timestamp: int = NOW


class Lab:
    def __init__(self) -> None:
        self.shelf = Shelf()
        self.codec = Codec(self.shelf, CATALOG)
        self.rows, self.whole = Slices(self.codec, large=1 << 40), Slices(self.codec, large=0)

    def one(self, chance: random.Random, offset: int, **changes: Any) -> Seen:
        return Seen(offset, self.codec.encode(ONE, point(chance) | changes), [])

    def some(self, chance: random.Random, offset: int, count: int, nth: int = 0, **changes: Any) -> Seen:
        points = [point(chance) | (changes if n == nth else {}) for n in range(count)]
        return Seen(offset, self.codec.encode(SOME, {"gateway_id": "G", "readings": points}), [])


LAB = Lab()


def point(chance: random.Random) -> dict[str, Any]:
    return {
        "equipment_id": f"EQ-{chance.randrange(9)}", "component_id": "B", "metric": chance.choice(["t", "压力"]),
        "value": chance.gauss(50, 15), "unit": chance.choice([None, "°C"]),
        "quality_flag": chance.choice([None, "", "OK", "BAD"]), "at": NOW - chance.randrange(10_000),
    }  # fmt: skip


def told(said: Slice) -> tuple[list[tuple[Any, ...]], list[tuple[int, str, str, str]]]:
    rows = sorted(said.frame().rows(), key=lambda row: row[-2:])
    return rows, [(offset, why.reason, why.field, why.text) for offset, why in said.faults]


def alike(records: list[Seen]) -> Slice:
    """Both ways, held equal; what rows said."""
    rows, whole = LAB.rows.read(records), LAB.whole.read(records)
    assert told(rows) == told(whole)
    return whole


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no value": ({"value": None}, "missing_field", "value"),
    "no time": ({"at": None}, "missing_field", "at"),
    "no metric": ({"metric": ""}, "missing_field", "metric"),
    "a name too long": ({"equipment_id": "é" * 501}, "too_large", "equipment_id"),
    "not a number": ({"value": float("nan")}, "domain", "value"),
    "infinite": ({"value": float("-inf")}, "domain", "value"),
    "too much": ({"value": BOUND}, "domain", "value"),
    "long ago": ({"at": NOW - 400 * DAY - 1}, "bad_time", "at"),
    "to come": ({"at": NOW + 5 * 60_000 + 1}, "bad_time", "at"),
    "before time": ({"at": -1}, "bad_time", "at"),
}
EDGE: list[dict[str, Any]] = [
    {"value": -0.0}, {"value": BOUND - 0.0001}, {"at": NOW - 400 * DAY}, {"at": NOW + 5 * 60_000},
    {"equipment_id": "é" * 500}, {"unit": "x" * 900},
]  # fmt: skip


@pytest.mark.parametrize("why", BAD)
def test_the_one_record_that_is_wrong_is_refused_alone(why: str) -> None:
    changes, reason, field = BAD[why]
    chance = random.Random(why)
    wrong = [LAB.one(chance, 3, **changes), LAB.some(chance, 3, 4, nth=2, **changes)]
    for bad, where in zip(wrong, (field, f"readings[2].{field}"), strict=True):
        records = [LAB.one(chance, n) for n in range(3)] + [bad] + [LAB.some(chance, n, 3) for n in range(4, 7)]
        said = alike(records)
        assert [(f.offset, f.why.reason, f.why.field) for f in said.faults] == [(3, reason, where)]
        assert said.count == 3 + 9


@pytest.mark.parametrize("changes", EDGE, ids=str)
def test_at_the_border_it_is_right(changes: dict[str, Any]) -> None:
    chance = random.Random(1)
    assert alike([LAB.one(chance, 0), LAB.one(chance, 1, **changes), LAB.some(chance, 2, 2, **changes)]).faults == []


def test_the_quality_flag_says_whether_a_reading_is_good() -> None:
    chance = random.Random(1)
    flags = [None, "", "OK", "BAD", "ok"]
    said = alike([LAB.one(chance, n, quality_flag=flag) for n, flag in enumerate(flags)])
    assert said.frame()["good"].to_list() == [True, True, True, False, False]


def test_bytes_that_are_wrong_are_told_by_the_codec_and_cost_nobody_else_anything() -> None:
    chance = random.Random(2)
    right = [LAB.one(chance, n) for n in range(20)] + [LAB.some(chance, n, 3) for n in range(20, 30)]
    value = right[5].value or b""
    wrong = {
        5: (value + b"x", "trailing"), 6: (value[:-1], "unreadable"), 7: (None, "tombstone"), 8: (b"", "bad_frame"),
        9: (b"\1" + value[1:], "bad_frame"), 10: (b"\0\0\0\3\xe7" + value[5:], "unknown_schema"),
        11: (value[:5], "unreadable"), 12: (b"\0" * (MAX_VALUE + 1), "too_large"),
        25: ((right[25].value or b"")[:-1], "unreadable"),
    }  # fmt: skip
    records = [replace(r, value=wrong[r.offset][0]) if r.offset in wrong else r for r in right]
    said = alike(records)
    assert {f.offset: f.why.reason for f in said.faults} == {offset: why for offset, (_, why) in wrong.items()}
    assert said.count == 12 + 9 * 3


def test_headers_say_whose_and_what_is_settled_history() -> None:
    chance = random.Random(3)
    old = LAB.one(chance, 1, at=NOW - 3 * 365 * DAY)
    records = [
        LAB.one(chance, 0), replace(old, headers=[("ce_tenant", b"acme"), ("ce_backfill", b"true")]),
        replace(old, offset=2), replace(LAB.one(chance, 3), headers=[("ce_tenant", b"_system")]),
        replace(LAB.one(chance, 4), headers=[("ce_tenant", b"\xff")]),
    ]  # fmt: skip
    said = alike(records)
    rows = said.frame().select("tenant", "backfill").rows()
    assert rows == [("default", False), ("acme", True)]
    assert [(f.offset, f.why.reason) for f in said.faults] == [(2, "bad_time"), (3, "bad_header"), (4, "bad_header")]


def test_a_message_has_readings_and_not_too_many() -> None:
    chance = random.Random(4)
    records = [LAB.some(chance, 0, 0), LAB.some(chance, 1, MANY), LAB.some(chance, 2, MANY + 1), LAB.some(chance, 3, 1)]
    said = alike(records)
    assert [(f.offset, f.why.reason) for f in said.faults] == [(0, "missing_field"), (2, "too_large")]
    assert said.count == MANY + 1


def foreign(**types: Any) -> dict[str, Any]:
    """Our single reading as somebody else declares it."""
    schema = copy.deepcopy(dict(ONE.schema))
    for field in schema["fields"]:
        field["type"] = types.pop(field["name"], field["type"])
    schema["fields"] = [f for f in schema["fields"] if f["type"] is not None][::-1]
    schema["fields"] += [{"name": name, "type": kind} for name, kind in types.items()]
    for field in schema["fields"]:
        field.pop("default", None)
    return schema


@pytest.mark.parametrize(
    ("types", "more", "whole"),
    [
        ({"value": "double", "at": "long"}, {}, True),
        ({"value": "float", "unit": None, "quality_flag": None}, {}, True),
        ({"value": "long", "firmware": "string"}, {"value": 7, "firmware": "9"}, True),
        ({"at": ["long", "null"]}, {}, True),
        ({"metric": {"type": "enum", "name": "M", "symbols": ["t", "p"]}}, {"metric": "t"}, False),
        ({"tags": {"type": "map", "values": "string"}}, {"tags": {"a": "b"}}, False),
    ],
    ids=str,
)
def test_schemas_of_others_are_resolved_alike(types: Any, more: Any, whole: bool) -> None:
    schema, chance = foreign(**types), random.Random(5)
    names = {field["name"] for field in schema["fields"]}
    data = [{k: v for k, v in (point(chance) | more).items() if k in names} for _ in range(4)]
    said = alike([Seen(n, LAB.shelf.write(schema, one), []) for n, one in enumerate(data)])
    assert said.count == 4 or said.faults  # an enum does not resolve to a string: refused, alike
    assert bool(said.frames) is whole


def test_a_registry_that_does_not_answer_is_no_fault_of_a_record() -> None:
    lab = Lab()
    records = [lab.one(random.Random(6), 0)]
    lab.shelf.down = ConnectionFailed("away")
    for slices in (lab.rows, lab.whole):
        with pytest.raises(ConnectionFailed):
            slices.read(records)


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_whatever_is_done_to_a_slice_both_ways_say_the_same(chance: random.Random, wounds: int) -> None:
    records = [
        LAB.one(chance, n) if chance.random() < 0.6 else LAB.some(chance, n, chance.randrange(4)) for n in range(12)
    ]
    for _ in range(wounds):
        nth = chance.randrange(len(records))
        value = bytearray(records[nth].value or b"")
        at = chance.randrange(5, len(value)) if len(value) > 5 else 0
        match chance.randrange(4):
            case 0:
                value[at : at + 1] = b""
            case 1:
                value[at:at] = bytes([chance.randrange(256)])
            case 2 if value:
                value[at] = chance.randrange(256)
            case _:
                del value[at:]
        records[nth] = replace(records[nth], value=bytes(value))
    alike(records)
