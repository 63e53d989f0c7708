"""Levels are computed from the totals of their flows, as their declarations say."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from gateway.measures import Measure, declared, flows_of, level, rests_on

BODIES: list[dict[str, Any]] = [
    {"id": "M-01", "kind": "flow", "count": {"events": ["lead.captured"]}, "unit": "leads", "scale": 0},
    {"id": "M-01.converted", "kind": "flow", "count": {"events": ["lead.converted"]}, "unit": "leads", "scale": 0},
    {"id": "M-01.lost", "kind": "flow", "count": {"events": ["lead.disqualified"]}, "unit": "leads", "scale": 0},
    {
        "id": "M-01.closed",
        "kind": "level",
        "computed": {"op": "sum", "of": ["M-01.converted", "M-01.lost"]},
        "scale": 0,
    },
    {"id": "M-01.open", "kind": "level", "computed": {"op": "difference", "of": ["M-01", "M-01.closed"]}, "scale": 0},
    {"id": "M-05.reached", "kind": "flow", "dims": [["stage"]], "scale": 0},
    {
        "id": "M-05",
        "kind": "level",
        "dims": [["pair"]],
        "unit": "ratio",
        "computed": {
            "op": "steps",
            "of": ["M-05.reached"],
            "along": "stage",
            "order": ["A", "B", "C", "D"],
            "as": "pair",
        },
    },
    {"id": "M-53", "kind": "level", "computed": {"op": "ratio", "of": ["M-01.lost", "M-01"]}, "unit": "ratio"},
]
KNOWN = declared([{"body": json.dumps(body)} for body in BODIES])


def test_declarations_are_read() -> None:
    assert KNOWN["M-53"] == Measure(id="M-53", kind="level", op="ratio", of=("M-01.lost", "M-01"), unit="ratio")


def test_a_level_rests_on_the_flows_below_it() -> None:
    assert flows_of(KNOWN, "M-01.open") == ["M-01", "M-01.converted", "M-01.lost"]
    assert flows_of(KNOWN, "M-01") == ["M-01"]
    assert flows_of(KNOWN, "M-99") == ["M-99"]


def test_a_ring_of_declarations_ends() -> None:
    ring = {one: Measure(id=one, kind="level", op="sum", of=("B", "A")) for one in "AB"}
    assert flows_of(ring, "A") == []


def test_levels_of_levels() -> None:
    totals = {"M-01": {"{}": Decimal(10)}, "M-01.converted": {"{}": Decimal(4)}, "M-01.lost": {"{}": Decimal(3)}}
    assert level(KNOWN, "M-01.open", totals) == {"{}": Decimal(3)}


def test_only_the_declared_groups_are_told() -> None:
    totals = {"M-01": {"{}": Decimal(10), '{"region":"DE"}': Decimal(4)}}
    assert level(KNOWN, "M-01.open", totals) == {"{}": Decimal(10)}
    by_region = KNOWN | {"M-01.open": replace(KNOWN["M-01.open"], dims=(frozenset({"region"}),))}
    assert level(by_region, "M-01.open", totals | {"M-01.closed": {}}) == {'{"region":"DE"}': Decimal(4)}


def test_a_level_in_a_ring_has_no_rows() -> None:
    ring = {"A": Measure(id="A", kind="level", op="sum", of=("A", "M-01"))}
    assert level(ring, "A", {"M-01": {"{}": Decimal(1)}}) == {"{}": Decimal(1)}


def test_a_flow_that_never_happened_adds_nothing() -> None:
    assert level(KNOWN, "M-01.open", {"M-01": {"{}": Decimal(10)}}) == {"{}": Decimal(10)}


def test_nothing_known_is_no_row_and_never_zero() -> None:
    assert level(KNOWN, "M-01.open", {}) == {}


def test_a_ratio_without_denominator_has_no_value() -> None:
    assert level(KNOWN, "M-53", {"M-01.lost": {"{}": Decimal(3)}}) == {"{}": None}


def test_a_ratio_is_rounded_half_up_to_its_scale() -> None:
    totals = {"M-01": {"{}": Decimal(32000)}, "M-01.lost": {"{}": Decimal(1)}}
    assert level(KNOWN, "M-53", totals) == {"{}": Decimal("0.0000")}
    totals["M-01"]["{}"] = Decimal(20000)
    assert level(KNOWN, "M-53", totals) == {"{}": Decimal("0.0001")}


def reached(**stages: int) -> dict[str, dict[str, Decimal]]:
    return {"M-05.reached": {f'{{"stage":"{stage}"}}': Decimal(n) for stage, n in stages.items()}}


def test_steps_divide_each_total_by_the_one_before_it() -> None:
    assert level(KNOWN, "M-05", reached(A=4, B=3, C=2)) == {
        '{"pair":"A>B"}': Decimal("0.7500"),
        '{"pair":"B>C"}': Decimal("0.6667"),
        '{"pair":"C>D"}': Decimal("0.0000"),
    }


def test_a_step_nobody_stood_on_has_no_value_and_two_have_no_row() -> None:
    assert level(KNOWN, "M-05", reached(D=1)) == {'{"pair":"C>D"}': None}
    assert level(KNOWN, "M-05", {}) == {}


def test_a_step_rests_on_the_totals_of_both() -> None:
    assert rests_on(KNOWN["M-05"], '{"pair":"A>B"}') == ['{"stage":"A"}', '{"stage":"B"}']
    assert rests_on(KNOWN["M-01.open"], '{"region":"DE"}') == ['{"region":"DE"}']
