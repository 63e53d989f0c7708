"""Forecast lines follow their opportunities: each change is told once, and nobody else is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedchain.core import citations, fold
from sharedchain.core.state import Forecast
from sharedchain.fact import Derived
from tests.core.line import MILLION, Line
from tests.depth import examples


def begun(**opportunities: int) -> Line:
    line = Line()
    line.begin("2026-04-20 10:00")
    for id_, amount in opportunities.items():
        line.opportunity(id_.replace("_", "-"), amount)
    return line


def told(said: Iterable[Derived]) -> list[tuple[Any, ...]]:
    """(what, line, opportunity, cause, left) of every event about a line."""
    return [
        (
            d.type.rpartition(".")[2],
            *(d.data[key] for key in ("line_id", "opportunity_id", "cause")),
            d.data.get("left"),
        )
        for d in said
        if d.type.startswith("forecast.line.")
    ]


def test_a_lost_opportunity_takes_the_support_of_the_lines_that_cite_it() -> None:
    line = begun(OPP_3=30, OPP_4=12)
    line.forecast("CN", 1, {"OPP-3": 30, "OPP-4": 12, "": 14})
    line.forecast("DE", 1, {"OPP-3": 30})
    assert told(line.said) == []
    assert told(line.move("opportunity.lost", "OPP-4")) == [("unsupported", "L1", "OPP-4", "LOST", None)]
    (update, *rest) = line.forecast("CN", 2, {"OPP-3": 30, "": 14})
    assert update.data["unsupported"] == []
    assert told(rest) == [("cleared", "L1", "OPP-4", "DROPPED", [])]


def test_a_version_says_at_once_what_it_cites_in_vain() -> None:
    line = begun(OPP_3=30)
    line.move("opportunity.lost", "OPP-3")
    (update, *rest) = line.forecast("CN", 1, {"OPP-3": 30, "OPP-9": 5, "": 14})
    assert update.data["unsupported"] == ["L0", "L1"]
    assert told(rest) == [
        ("unsupported", "L0", "OPP-3", "LOST", None),
        ("unsupported", "L1", "OPP-9", "MISSING", None),
    ]
    assert told(line.forecast("CN", 2, {"OPP-3": 30, "OPP-9": 5})) == []  # known already


def test_a_missing_opportunity_that_comes_supports_its_line() -> None:
    line = begun()
    line.forecast("CN", 1, {"OPP-8": 30, "OPP-9": 5})
    assert told(line.opportunity("OPP-9", 5)) == [("cleared", "L1", "OPP-9", "SUPPORTED", ["L0"])]
    assert told(line.opportunity("OPP-8", 5)) == [("unsupported", "L0", "OPP-8", "AMOUNT_EXCEEDS", None)]


def test_amounts_go_both_ways_and_equal_is_enough() -> None:
    line = begun(OPP_1=48)
    line.forecast("DE", 1, {"OPP-1": 48})
    assert told(line.move("opportunity.amount.changed", "OPP-1", new=47 * MILLION)) == [
        ("unsupported", "L0", "OPP-1", "AMOUNT_EXCEEDS", None)
    ]
    assert told(line.move("opportunity.amount.changed", "OPP-1", new=46 * MILLION)) == []
    assert told(line.move("opportunity.signed", "OPP-1", amount=48 * MILLION)) == [
        ("cleared", "L0", "OPP-1", "SUPPORTED", [])
    ]
    assert told(line.move("opportunity.stage.changed", "OPP-1", to="BIDDING")) == []


def test_another_cause_is_told_and_the_same_is_not() -> None:
    line = begun(OPP_1=40)
    line.forecast("DE", 1, {"OPP-1": 48})
    assert told(line.move("opportunity.lost", "OPP-1")) == [("unsupported", "L0", "OPP-1", "LOST", None)]
    assert told(line.forecast("DE", 2, {"OPP-9": 48})) == [("unsupported", "L0", "OPP-9", "MISSING", None)]


def test_amounts_of_two_currencies_are_not_compared() -> None:
    line = begun()
    line.opportunity("OPP-1", 5, currency="USD")
    assert told(line.forecast("DE", 1, {"OPP-1": 48})) == []
    assert told(line.move("opportunity.lost", "OPP-1")) == [("unsupported", "L0", "OPP-1", "LOST", None)]


def test_what_is_left_is_said_when_all_changes_have_taken_effect() -> None:
    line = begun(OPP_1=5)
    line.forecast("DE", 1, {"OPP-8": 1, "OPP-9": 1})
    said = line.forecast("DE", 2, {"OPP-1": 1, "OPP-7": 1})
    assert told(said) == [
        ("cleared", "L0", "OPP-1", "SUPPORTED", ["L1"]),
        ("unsupported", "L1", "OPP-7", "MISSING", None),
    ]


def test_backfilled_versions_are_settled_history() -> None:
    line = begun()
    (update,) = line.forecast("DE", 1, {"OPP-9": 5}, backfill=True)
    assert update.data["unsupported"] == []
    assert told(line.opportunity("OPP-9", 1)) == []
    assert told(line.forecast("DE", 2, {"OPP-9": 5})) == [("unsupported", "L0", "OPP-9", "AMOUNT_EXCEEDS", None)]
    (gone,) = told(line.forecast("DE", 3, {"OPP-9": 5}, backfill=True))
    assert gone == ("cleared", "L0", "OPP-9", "DROPPED", [])


def test_a_loss_out_of_old_books_is_told_as_history_and_again_by_the_next_version_that_cites_it() -> None:
    line = begun(OPP_1=9)
    line.forecast("DE", 1, {"OPP-1": 5})
    (lost,) = line.move("opportunity.lost", "OPP-1", backfill=True)
    assert (lost.type, lost.backfill) == ("forecast.line.unsupported", True)
    (_, again, alert) = line.forecast("DE", 2, {"OPP-1": 5})
    assert (again.type, again.backfill, alert.data["rule_id"]) == ("forecast.line.unsupported", False, "R-06")
    assert told(line.forecast("DE", 3, {"OPP-1": 5})) == []


def test_two_lines_with_one_id_are_both_followed() -> None:
    line = begun(OPP_1=9)
    lines = [
        {"line_id": "L", "basis": "PROJECT", "opportunity_id": opp, "amount": MILLION} for opp in ("OPP-1", "OPP-9")
    ]
    assert told(line.forecast("DE", 1, {}, lines=lines)) == [("unsupported", "L#2", "OPP-9", "MISSING", None)]


def test_the_index_holds_current_versions_only() -> None:
    line = begun(OPP_1=9)
    for version in range(1, 30):
        line.forecast("DE", version, {f"OPP-{version}": 5, "OPP-1": 3})
    scope = line.state.scopes[line.scope]
    assert scope.cited == {"OPP-29": {"FC-DE": ["L0"]}, "OPP-1": {"FC-DE": ["L1"]}}


def test_an_opportunity_looks_at_none_but_its_own_forecasts() -> None:
    line = begun(OPP_1=9)
    line.forecast("DE", 1, {"OPP-1": 5})

    class Counted(dict[str, Forecast]):
        asked = 0

        def __getitem__(self, key: str) -> Forecast:
            Counted.asked += 1
            return super().__getitem__(key)

    for n in range(50):
        line.forecast(f"R{n}", 1, {"OPP-2": 5})
    scope = line.state.scopes[line.scope]
    scope.forecasts = Counted(scope.forecasts)
    line.move("opportunity.lost", "OPP-1")
    assert Counted.asked == 1


# A step: an opportunity comes, is lost, changes its amount; or a version cites some of three with amounts.
OPPS = ("A", "B", "C")
cited = st.lists(st.tuples(st.sampled_from(OPPS), st.integers(1, 3)), max_size=3)
step = st.one_of(
    st.tuples(st.sampled_from(("new", "lost", "amount")), st.sampled_from(OPPS), st.integers(1, 3)),
    st.tuples(st.just("version"), st.sampled_from(("DE", "BR")), cited),
)
steps = st.lists(st.tuples(step, st.booleans()), max_size=25)  # with or without a snapshot after it


@pytest.mark.slow
@examples(60)
@given(steps)
def test_the_events_always_tell_what_a_look_at_everything_would(story: list[Any]) -> None:
    """Against a model that judges every line of every forecast anew after each fact."""
    line, views = begun(), dict[tuple[str, str], str]()
    for number, ((what, about, more), again) in enumerate(story, 1):
        match what:
            case "new":
                said = line.opportunity(about, more)
            case "lost":
                said = line.move("opportunity.lost", about)
            case "amount":
                said = line.move("opportunity.amount.changed", about, new=more * MILLION)
            case _:
                lines = [
                    {"line_id": f"L{n}", "basis": "PROJECT", "opportunity_id": opp, "amount": amount * MILLION}
                    for n, (opp, amount) in enumerate(more)
                ]
                said = line.forecast(about, number, {}, lines=lines)
        for d in said:
            if d.type.startswith("forecast.line."):
                key = (d.data["forecast_id"], d.data["line_id"])
                now = d.data["cause"] if d.type.endswith("unsupported") else ""
                assert views.get(key, "") != now or now, "said twice"
                views[key] = now
        scope = line.state.scopes[line.scope]
        truth = {
            (id_, line_id): citations._cause(scope, cited, forecast.currency)
            for id_, forecast in scope.forecasts.items()
            for line_id, cited in forecast.lines.items()
        }
        assert {key: cause for key, cause in views.items() if cause} == {k: c for k, c in truth.items() if c}
        if again:
            line.state = fold.load(fold.dump(line.state))


def test_amounts_are_exact() -> None:
    line = begun()
    line.opportunity("OPP-1", 0)
    line.move("opportunity.amount.changed", "OPP-1", new=Decimal("0.30"))
    lines = [{"line_id": "L", "basis": "PROJECT", "opportunity_id": "OPP-1", "amount": Decimal("0.30")}]
    assert told(line.forecast("DE", 1, {}, lines=lines)) == []
