from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sharedchain.core.measures import Count, Measure, matches, ordered

BASE: dict[str, Any] = {"name": {"zh": "z", "en": "e"}, "unit": "x", "owner": "role:ops"}


def measure(id_: str, kind: str = "gauge", **more: Any) -> Measure:
    return Measure.model_validate({**BASE, "id": id_, "kind": kind, **more})


def test_each_stands_behind_what_it_is_computed_of() -> None:
    found = {
        "M-09": measure("M-09", computed={"op": "sum", "of": ["M-11", "M-10"]}),
        "M-10": measure("M-10", reducer="forecast.project_part"),
        "M-11": measure("M-11", reducer="forecast.experience_part"),
    }
    assert [one.id for one in ordered(found)] == ["M-11", "M-10", "M-09"]


def test_a_ring_and_an_unknown_id_are_named() -> None:
    ring = {a: measure(a, computed={"op": "sum", "of": [b]}) for a, b in (("M-01", "M-02"), ("M-02", "M-01"))}
    with pytest.raises(ValueError, match="M-01 → M-02 → M-01"):
        ordered(ring)
    with pytest.raises(ValueError, match="M-01 is computed of M-77"):
        ordered({"M-01": measure("M-01", computed={"op": "sum", "of": ["M-77"]})})


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("flow", {}, "needs exactly `count`"),
        ("gauge", {"reducer": "a", "computed": {"op": "sum", "of": ["M-01"]}}, "reducer or computed"),
        ("level", {"computed": {"op": "change", "of": ["M-01"]}}, "sum, difference, ratio or steps"),
        ("gauge", {"computed": {"op": "ratio", "of": ["M-01"]}}, "ratio needs 2 names"),
        ("gauge", {"reducer": "a", "colour": "red"}, "Extra inputs"),
    ],
)
def test_what_cannot_be(kind: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        measure("M-01", kind, **more)


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("gauge", {"entities": {"over": "lead", "take": "sum"}}, "every other `take` needs one"),
        ("gauge", {"entities": {"over": "lead", "take": "count", "field": "x"}}, "`count` needs no `field`"),
        ("gauge", {"entities": {"over": "t", "take": "agree_share", "field": "x"}}, "agree_share needs it"),
        (
            "gauge",
            {"entities": {"over": "lead", "take": "count"}, "reducer": "a"},
            "entities or row or window or reducer or computed",
        ),
        ("flow", {"entities": {"over": "lead", "take": "count"}}, "a flow needs exactly `count`"),
        ("level", {"computed": {"op": "steps", "of": ["M-02"]}}, "all three"),
        ("level", {"computed": {"op": "ratio", "of": ["M-02", "M-03"], "along": "stage"}}, "belong to steps"),
        (
            "gauge",
            {"computed": {"op": "steps", "of": ["M-02"], "along": "a", "order": ["A", "B"], "as": "b"}},
            "no steps",
        ),
    ],
)
def test_what_cannot_be_over_entities_and_steps(kind: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        measure("M-01", kind, **more)


def test_matches_compare_as_text() -> None:
    where = Count.model_validate({"events": ["a"], "where": {"a": "x", "b": ["x", ""], "c": {"not": ["x", "y"]}}}).where
    said = {name: [matches(match, value) for value in ("x", "z", None)] for name, match in where.items()}
    assert said == {"a": [True, False, False], "b": [True, False, True], "c": [False, True, True]}
