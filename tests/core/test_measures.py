from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sharedchain.core.measures import Measure, ordered

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
