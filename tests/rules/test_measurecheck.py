"""Each wrong name in a measure is found, where it stands, with the name that was meant."""

from __future__ import annotations

from typing import Any

import pytest

from sharedchain.core.measures import Measure
from sharedchain.measurecheck import Known, findings
from tests.rules.book import BOOK, CATALOG

BASE = {"id": "M-99", "name": {"zh": "z", "en": "e"}, "unit": "x", "owner": "role:ops"}
KNOWN = Known(BOOK.measures(), CATALOG, BOOK.declared())


def found(**more: Any) -> list[tuple[tuple[int | str, ...], str]]:
    return list(findings(Measure.model_validate(BASE | more), KNOWN))


def flow(**count: Any) -> list[tuple[tuple[int | str, ...], str]]:
    dims = count.pop("dims", [[]])
    return found(kind="flow", dims=dims, count={"events": ["lead.converted"]} | count)


def test_a_flow() -> None:
    assert flow(events=["lead.convertd"]) == [
        (("count", "events", 0), "no event type lead.convertd; did you mean lead.converted?")
    ]
    assert flow(dims=[["lead_idd"]]) == [(("dims", 0, 0), "LeadConverted has no lead_idd; did you mean lead_id?")]
    assert flow(add="amount") == [(("count", "add"), "LeadConverted has no amount")]
    assert flow(test="within_setpont")[0][1] == "no test within_setpont; did you mean within_setpoint?"
    assert flow(where={"meta.sorce": "x"}) == [(("count", "where", "meta.sorce"), "no entity meta")]
    (wrong,) = flow(per_event={"lead.captured": {"a": "b"}})
    assert wrong[0] == ("count", "per_event", "lead.captured")
    assert flow(events=["*"], per_event={"lead.captured": {"a": "b"}}) == []
    assert flow(events=["*"], per_event={"lead.capturd": {}})[0][1].startswith("no event type lead.capturd")


def test_a_field_of_an_entity_that_the_event_names() -> None:
    assert flow(dims=[["region"]], paths={"region": "lead.regoin"}) == [
        (("dims", 0, 0), "lead has no regoin; did you mean region?")
    ]
    assert flow(dims=[["a"]], paths={"a": "led.region"}) == [(("dims", 0, 0), "no entity led; did you mean lead?")]
    assert flow(dims=[["a"]], paths={"a": "contract.region"})[0][1].startswith("LeadConverted has no contract_id")
    assert flow(dims=[["a"]], paths={"a": "opportunity.cycle_days"})[0][1] == "opportunity has no cycle_days"
    assert flow(dims=[["a"]], paths={"a": {"constant": "any"}}) == []


def test_a_gauge_over_entities() -> None:
    said = {"over": "instalment", "take": "sum", "field": "lefft", "where": {"lat": "True"}}
    assert found(kind="gauge", entities=said, dims=[["custmer_id"]]) == [
        (("entities", "field"), "instalment has no lefft; did you mean left?"),
        (("entities", "where", "lat"), "instalment has no lat; did you mean late?"),
        (("dims", 0, 0), "instalment has no custmer_id; did you mean customer_id?"),
    ]
    said = {"over": "lead", "take": "age_max", "field": "contacted"}
    assert found(kind="gauge", entities=said, dims=[["p"]]) == [(("dims", 0, 0), "lead has no p")]
    assert found(kind="gauge", entities=said | {"paths": {"p": {"period_of": "contacted"}}}, dims=[["p"]]) == []
    assert found(kind="gauge", entities=said, unit="currency") == [(("unit",), "lead has no currency; name the unit")]


def test_a_computed_one() -> None:
    ((place, text),) = found(kind="level", computed={"op": "sum", "of": ["M-98", "M-01"]})
    assert (place, text.partition(";")[0]) == (("computed", "of", 0), "no measure or reducer M-98")
    steps = {"op": "steps", "of": ["M-01"], "along": "stage", "order": ["A", "B"], "as": "pair"}
    ((place, text),) = found(kind="level", computed=steps, dims=[["pair"]])
    assert (place, text[:36]) == (("dims", 0), "M-01 is not measured by ['stage']; i")


def wrong(**declared: Any) -> list[str]:
    said = {"id": "M-99", "name": {"zh": "名", "en": "name"}, "kind": "gauge", "unit": "x", "owner": "role:ops"}
    return [text for _, text in findings(Measure.model_validate({**said, **declared}), KNOWN)]


@pytest.mark.parametrize(
    ("declared", "finding"),
    [
        ({"row": {"table": "shfit", "value": "1.0"}, "dims": [["line_id"]]}, "did you mean shift"),
        ({"row": {"table": "shift", "value": "row.oe"}, "dims": [["line_id"]]}, "row.oe is no field"),
        ({"row": {"table": "shift", "value": "row.oee"}, "dims": [["line"]]}, "say it in `paths`"),
        (
            {"row": {"table": "shift", "value": "row.oee", "fn": "sigmoid"}, "dims": [["line_id"]]},
            "no function sigmoid",
        ),
        ({"row": {"table": "shift", "value": "row.oee", "where": {"x": "1"}}, "dims": [["line_id"]]}, "shift has no x"),
        ({"window": {"of": "M-14", "span": "day"}, "dims": [["period"]]}, "no flow M-14"),
        ({"window": {"of": "M-50.runs", "span": "day"}, "dims": [["store"]]}, "M-50.runs is not measured by"),
        ({"entities": {"over": "shift", "take": "mean", "field": "oe"}}, "shift has no oe"),
        ({"entities": {"over": "shft", "take": "count"}}, "did you mean shift"),
    ],
)
def test_tables_rows_and_windows_name_what_is_there(declared: dict[str, Any], finding: str) -> None:
    found = wrong(**declared)
    assert any(finding in one for one in found), found
