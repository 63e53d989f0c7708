"""What a column remembers of a stream of events."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from sharedchain.core.cel import CelError
from sharedchain.core.columns import Cell, Column, compile_column, kind, update, value

DAY = 86_400_000
CELL = TypeAdapter(Cell)


def told(
    declared: dict[str, Any], *events: dict[str, Any], every: int = DAY, times: list[int] | None = None
) -> list[Any]:
    """The value after each event; the cell goes through its bytes between two."""
    ready = compile_column(Column(**declared))
    cell: Cell | None = None
    found = []
    for number, event in enumerate(events):
        now = times[number] if times else number * every
        variables = {"message": event, "meta": {"time": now, "recorded": now, "type": event.get("type", "")}}
        after = update(ready, cell, variables, now)
        assert isinstance(after, Cell), after
        cell = CELL.validate_json(CELL.dump_json(after))
        found.append(value(ready, cell, now))
    return found


def amounts(*values: Any) -> list[dict[str, Any]]:
    return [{"x": value if value is None else Decimal(str(value))} for value in values]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"last": "message.x"}, [Decimal(3), Decimal(3), Decimal(1), Decimal(2)]),
        ({"first": "message.x"}, [Decimal(3)] * 4),
        ({"previous": "message.x"}, [None, None, Decimal(3), Decimal(1)]),
        ({"count": True}, [1, 2, 3, 4]),
        ({"sum": "message.x"}, [Decimal(3), Decimal(3), Decimal(4), Decimal(6)]),
        ({"max": "message.x"}, [Decimal(3)] * 4),
        ({"min": "message.x"}, [Decimal(3), Decimal(3), Decimal(1), Decimal(1)]),
    ],
)
def test_a_column_says_one_thing_of_all_events_and_skips_those_without_a_value(declared: Any, expected: Any) -> None:
    assert told(declared, *amounts(3, None, 1, 2)) == expected


def test_only_events_where_its_condition_holds_count() -> None:
    declared = {"count": True, "where": 'message.kind == "A"'}
    assert told(declared, {"kind": "A"}, {"kind": "B"}, {"kind": "A"}) == [1, 1, 2]


def test_what_cel_computes_is_a_decimal_of_the_scale() -> None:
    declared = {"cel": "message.x / 3.0", "scale": 2}
    assert [str(found) for found in told(declared, *amounts(2))] == ["0.67"]


def test_a_total_is_the_sum_over_a_list() -> None:
    lines = [{"qty": Decimal(2), "price": Decimal("1.5")}, {"qty": Decimal(1), "price": Decimal("0.1")}]
    declared = {"total": {"over": "message.lines", "cel": "item.qty * item.price"}}
    assert told(declared, {"lines": lines}, {"lines": []}) == [Decimal("3.1"), Decimal(0)]


def test_a_window_holds_what_was_recorded_within_its_span_this_event_too() -> None:
    days = [0, 2 * DAY, 5 * DAY, 9 * DAY]
    assert told({"count_in": "7d"}, *amounts(1, 1, 1, 1), times=days) == [1, 2, 3, 2]
    sums = told({"sum_in": {"of": "message.x", "span": "7d"}}, *amounts(1, 2, 4, 8), times=days)
    assert sums == [1, 3, 7, 12]


def test_a_window_is_left_as_time_goes_on_without_events() -> None:
    ready = compile_column(Column.model_validate({"count_in": "7d"}))
    cell = update(ready, None, {"message": {}, "meta": {}}, 0)
    assert isinstance(cell, Cell)
    assert [value(ready, cell, now) for now in (7 * DAY - 1, 7 * DAY)] == [1, 0]


def test_distinct_counts_a_word_once_from_its_last_time_on() -> None:
    declared = {"distinct_in": {"of": "message.who", "span": "7d"}}
    events = [{"who": "a"}, {"who": "b"}, {"who": "a"}, {"who": "c"}]
    assert told(declared, *events, times=[0, DAY, 6 * DAY, 9 * DAY]) == [1, 2, 2, 2]


def test_a_run_counts_in_a_row_and_begins_again() -> None:
    assert told({"run": "message.x > 1.0"}, *amounts(2, 3, 1, 2)) == [1, 2, 0, 1]


WEAR = [{"wear": Decimal("56.0") + Decimal("1.6") * n, "limit": Decimal(100)} for n in range(15)]
TREND: dict[str, Any] = {"trend": {"of": "message.wear", "last": 7, "limit": "message.limit", "per": "d"}, "scale": 1}


def test_the_trend_of_the_compressor_meets_its_limit_in_fourteen_and_a_half_and_then_thirteen_and_a_half_days() -> None:
    found = told(TREND, *WEAR)
    assert found[:6] == [None] * 6, "fewer than seven readings say nothing"
    assert found[-2:] == [Decimal("14.5"), Decimal("13.5")]


def test_a_line_that_leads_away_meets_nothing() -> None:
    repaired = {"wear": Decimal("2.0"), "limit": Decimal(100)}
    assert told(TREND, *WEAR, repaired)[-1] is None
    assert told(TREND, *[{"wear": Decimal(5), "limit": Decimal(100)}] * 7)[-1] is None


def test_what_is_beyond_an_upper_limit_is_there_whatever_the_line() -> None:
    up = {"trend": {**TREND["trend"], "toward": "up"}}
    assert told(up, {"wear": Decimal(101), "limit": Decimal(100)}) == [0]


def test_a_value_stands_so_many_deviations_from_those_before_it() -> None:
    far: dict[str, Any] = {"deviation": {"of": "message.t", "last": 4}}
    alike = [{"t": Decimal(text)} for text in ("9", "11", "9", "11")]
    assert told(far, *alike) == [None] * 4, "four before it are needed"
    assert told(far, *alike, {"t": Decimal(16)})[-1] == Decimal("6.0000")
    assert told(far, *alike, {"t": Decimal(4)})[-1] == Decimal("6.0000"), "on either side"
    assert told(far, *[{"t": Decimal(9)}] * 4, {"t": Decimal(99)})[-1] is None, "alike values have no deviation"
    assert told(far, *[{"t": Decimal(900)}] * 9, *alike, {"t": Decimal(16)})[-1] == Decimal("6.0000"), "older are gone"


@pytest.mark.parametrize(
    ("type_", "given", "expected"),
    [
        ("text", Decimal("1.50"), "1.5"),
        ("decimal", "1.50", Decimal("1.50")),
        ("decimal", "much", None),
        ("count", Decimal(3), 3),
        ("day", "2026-05-01", date(2026, 5, 1)),
        ("day", date(2026, 5, 1), date(2026, 5, 1)),
        ("day", "soon", None),
        ("instant", 12, 12),
    ],
)
def test_a_declared_type_is_what_comes_out(type_: Any, given: Any, expected: Any) -> None:
    assert told({"last": "message.x", "type": type_}, {"x": given}) == [expected]


def test_an_error_of_cel_is_a_value_that_names_the_expression() -> None:
    ready = compile_column(Column(cel="message.x * 2.0"))
    found = update(ready, None, {"message": {"x": "two"}, "meta": {}}, 0)
    assert isinstance(found, CelError)
    assert "message.x * 2.0" in found.text


def test_cel_that_fails_for_want_of_a_value_does_not_count() -> None:
    assert told({"cel": "message.x * 2.0"}, *amounts(1, None)) == [2, 2]
    assert told({"count": True, "where": "message.x > 1.0"}, *amounts(2, None)) == [1, 1]


def test_a_run_that_gives_no_truth_is_an_error() -> None:
    found = update(compile_column(Column(run="1 + 1")), None, {"message": {}, "meta": {}}, 0)
    assert isinstance(found, CelError)


@pytest.mark.parametrize("declared", [{}, {"count": True, "last": "message.x"}, {"last": "message.x", "often": 2}])
def test_a_column_has_exactly_one_way(declared: Any) -> None:
    with pytest.raises(ValidationError):
        Column(**declared)


@pytest.mark.parametrize("path", ["mesage.x", "message", "item.x"])
def test_a_path_begins_with_a_known_word(path: Any) -> None:
    with pytest.raises(ValueError, match="must begin with one of message"):
        compile_column(Column(last=path))


def test_names_of_with_and_the_element_are_words_too() -> None:
    ready = compile_column(Column(last="item.x"), ("item",))
    cell = update(ready, None, {"message": {}, "meta": {}, "item": {"x": "a"}}, 0)
    assert isinstance(cell, Cell)
    assert value(ready, cell, 0) == "a"


def test_what_a_column_gives_is_known_as_far_as_it_says() -> None:
    assert [kind(Column(**d)) for d in ({"count": True}, {"sum": "message.x"}, {"last": "message.x"})] == [
        "count",
        "decimal",
        None,
    ]
