"""The explanation in words: every part of the object has its line, and strange objects have fewer, never an error."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedchain.explanation import lines, sections
from tests.core.sample import lead, rule, with_rules
from tests.depth import examples


def why(**more: Any) -> dict[str, Any]:
    bands = [{"severity": "YELLOW", "at_least": "5.00"}, {"severity": "RED", "at_least": "9.00"}]
    line = with_rules(
        rule("R-90", bands=bands, value="message.amount", when={"all": ['message.region == "DE"']}, **more)
    )
    lead(line, amount=Decimal("6.50"))
    line.now += 60_000
    lead(line, amount=Decimal("9.50"))
    said = [one for one in line.said if one.type == "alert.escalated"]
    found: dict[str, Any] = json.loads(said[0].data["explain"])
    return found


def test_conditions_bands_way_facts_and_what_would_end_it_are_told() -> None:
    assert lines(why(), "en") == [
        "Conditions",
        '  ✓ message.region == "DE" (message.region = DE)',
        "  ✓ YELLOW: message.amount >= 5.00 (9.50)",
        "  ✓ RED: message.amount >= 9.00 (9.50)",
        "Way",
        "  2026-04-01 08:00 firing YELLOW",
        "  2026-04-01 08:01 escalated RED",
        "Facts behind it",
        f"  3/{why()['sources'][0]['seq']}",
        "Ends when",
        "  a later lead.captured does not meet the conditions",
        "  message.amount is < 5.00 and < 9.00",
    ]


def test_the_same_in_chinese() -> None:
    said = lines(why(), "zh")
    assert said[0] == "条件"
    assert "  2026-04-01 08:01 升级 RED" in said


@pytest.mark.parametrize(
    ("clears", "told"),
    [
        ({"by": "acknowledgement"}, ["somebody acknowledges it"]),
        (
            {"by": "event", "any": [{"event": ["a.b", "c.d"], "when": {"all": ["message.x > 1.0"], "any": []}}]},
            ["a.b or c.d arrives (and message.x > 1.0)"],
        ),
        (
            {"by": "value", "measure": "M-14", "magnitude": True, "must_be": [{"sign": ">=", "threshold": "0.85"}]}
            | {"quiet_for": 7_200_000},
            ["M-14 is |…| >= 0.85 for 2 h"],
        ),
    ],
)
def test_every_way_to_end_is_told(clears: dict[str, Any], told: list[str]) -> None:
    assert sections({"clears": clears}, "en") == [("Ends when", told)]


def test_a_minimal_set_is_told_with_its_folds_and_contributing_facts_as_such() -> None:
    source = {"partition": 3, "seq": 7, "type": "lead.captured", "subject": "L-1", "src": "sales.lead.v1/0/9"}
    few = {"facts": [{"partition": 3, "seq": 7}], "minimal": True, "folds": 5, "why": ""}
    assert sections({"sources": [source], "minimal": few}, "en")[1] == (
        "Facts it needs",
        ["3/7  lead.captured  L-1  sales.lead.v1/0/9", "without any one of them it would not ring (5 folds)"],
    )
    stopped = {**few, "minimal": False, "why": "stopped after 64 folds"}
    assert sections({"sources": [source], "minimal": stopped}, "en")[1][0] == (
        "Contributing facts (stopped after 64 folds)"
    )


def test_a_rule_that_erred_says_its_error() -> None:
    assert lines({"error": "divide by zero", "held": True}, "en")[1] == "  the rule erred: divide by zero"


def test_many_facts_are_counted() -> None:
    sources = [{"partition": 3, "seq": n} for n in range(20)]
    assert sections({"sources": sources}, "en")[0][1][-1] == "… and 8 more"


values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 10**12) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["op", "bands", "any", "by"]), inner),
    max_leaves=6,
)


@examples(40)
@given(
    st.dictionaries(st.sampled_from(["conditions", "way", "sources", "dims"]), st.lists(values, max_size=3), max_size=4)
)
def test_a_strange_object_is_told_as_far_as_it_goes(strange: dict[str, Any]) -> None:
    assert all(isinstance(line, str) for line in [*lines(strange, "zh"), *lines(strange, "en")])
