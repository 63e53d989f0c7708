"""A log may declare measures in words of another version; this one leaves out those it cannot compute, and goes on."""

from __future__ import annotations

from typing import Any

import pytest

from sharedchain.config import item
from sharedchain.core.measures import Measure
from sharedchain.core.names import usable
from sharedchain.core.ruleset import ruleset
from tests.core.line import Line, our_bundle

BASE: dict[str, Any] = {"name": {"zh": "z", "en": "e"}, "unit": "x", "owner": "role:ops"}
LATER: dict[str, dict[str, Any]] = {
    "a reducer": {"kind": "gauge", "reducer": "forecast.mood"},
    "a reducer among parts": {"kind": "gauge", "computed": {"op": "sum", "of": ["forecast.mood"]}},
    "a test": {"kind": "flow", "count": {"events": ["sensor.reading"], "test": "full_moon"}},
    "a word of the envelope": {"kind": "flow", "count": {"events": ["*"], "where": {"meta.weather": "fine"}}},
    "an entity": {"kind": "flow", "dims": [["x"]], "count": {"events": ["*"], "paths": {"x": "ship.port"}}},
    "a field of an entity": {"kind": "flow", "dims": [["x"]], "count": {"events": ["*"], "paths": {"x": "lead.mood"}}},
    "a row's field": {"kind": "gauge", "entities": {"over": "lead", "take": "count", "where": {"mood": "good"}}},
    "a summed field": {"kind": "gauge", "entities": {"over": "lead", "take": "sum", "field": "mood"}},
    "a row's dim": {"kind": "gauge", "dims": [["mood"]], "entities": {"over": "lead", "take": "count"}},
}


def measure(id_: str, **more: Any) -> Measure:
    return Measure.model_validate({**BASE, "id": id_, **more})


@pytest.mark.parametrize("said", LATER.values(), ids=LATER.keys())
def test_what_another_version_knows_is_left_out_and_named(said: dict[str, Any]) -> None:
    broken: dict[str, str] = {}
    ours = {"M-80": measure("M-80", **said), "M-81": measure("M-81", kind="flow", count={"events": ["*"]})}
    assert list(usable(ours, broken)) == ["M-81"]
    assert list(broken) == ["measure/M-80"]
    assert "knows no" in broken["measure/M-80"]


def test_what_rests_on_it_goes_with_it() -> None:
    ours = {
        "M-80": measure("M-80", kind="gauge", reducer="forecast.mood"),
        "M-81": measure("M-81", kind="gauge", computed={"op": "change", "of": ["M-80"]}),
        "M-82": measure("M-82", kind="gauge", computed={"op": "sum", "of": ["M-81"]}),
    }
    broken: dict[str, str] = {}
    assert usable(ours, broken) == {}
    assert set(broken) == {f"measure/{id_}" for id_ in ours}


def test_all_of_ours_are_known() -> None:
    line = Line()
    line.configure(our_bundle())
    assert ruleset(line.state).broken == {}


def test_the_chain_goes_on_over_a_log_with_one_of_them() -> None:
    line = Line()
    line.begin("2026-04-01 09:00")
    line.configure([item("measure", "M-80", {**BASE, "id": "M-80", **LATER["a word of the envelope"]})])
    line.add("fact", "lead.captured", {"lead_id": "L"})
    line.tick("2026-04-01 09:01")
    told = {derived.data["metric_id"] for derived in line.said if derived.type == "metric.minute.computed"}
    assert "M-01" in told
    assert "M-80" not in told
