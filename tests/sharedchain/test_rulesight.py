"""What a rule sees, typed: a mistake in each, with, seen or let is said at its key."""

from __future__ import annotations

from typing import Any

import pytest

from sharedchain.core import lookup, typed
from sharedchain.core.rule import Rule
from sharedchain.rulesight import sight
from tests.core.test_episode import rule as of_measure
from tests.core.test_typed import MONEY, record

LINES = {"type": "array", "items": record(("sku", "string"), ("qty", "int"), ("price", ["null", MONEY]))}
ORDER = typed.of_event(
    record(("order_id", "string"), ("amount", MONEY), ("lines", LINES), ("tags", {"type": "array", "items": "string"}))
)
GOOD: dict[str, Any] = {
    "on": {"event": ["order.placed"]}, "subject": "message.order_id", "bands": [{"severity": "RED"}],
    "each": "message.lines",
    "with": {"chance": {"entity": "opportunity", "id": "message.order_id", "optional": True}},
    "seen": {
        "before": {"previous": "item.price"}, "n": {"count": True}, "far": {"run": "item.qty > 3"},
        "worth": {"total": {"over": "message.lines", "cel": "double(item.qty) * 2.0"}},
        "twice": {"cel": "message.amount * 2.0", "where": "item.qty > 0"},
    },
    "let": {
        "jump": "seen.before == null ? 0.0 : message.amount - seen.before",
        "odds": {"cel": "let.jump", "fn": "logistic"},
    },
}  # fmt: skip


def order(**more: Any) -> Rule:
    return of_measure(**GOOD | more)


def said(rule: Rule, elsewhere: tuple[str, ...] = ()) -> tuple[typed.Types | None, list[str]]:
    found: list[str] = []

    def say(steps: tuple[str | int, ...], text: str, column: int = 0) -> None:
        found.append(f"{'.'.join(map(str, steps))}{f':{column}' if column else ''} {text}")

    return sight(rule, ORDER, lookup.TABLES, say, elsewhere), found


def test_every_variable_has_a_type() -> None:
    types, findings = said(order())
    assert findings == []
    assert types is not None
    kinds = {
        path: kind.name() for path, kind in types.variables.items() if path.split(".")[0] in ("item", "seen", "let")
    }
    assert kinds == {
        "item.sku": "STRING", "item.qty": "INT", "item.price": "double_wrapper", "seen.before": "double_wrapper",
        "seen.n": "INT", "seen.far": "INT", "seen.worth": "DOUBLE", "seen.twice": "double_wrapper",
        "let.jump": "DOUBLE", "let.odds": "double_wrapper",
    }  # fmt: skip
    assert typed.check("let.jump > 3.0 && seen.n > 2 && item.price != null", types) == []


def test_elements_that_are_no_records_have_a_value() -> None:
    types, findings = said(order(each="message.tags", seen={}, let={}))
    assert (findings, types and types.variables["item.value"].name()) == ([], "STRING")


@pytest.mark.parametrize(
    ("more", "finding"),
    [
        ({"each": "message.line"}, "each message.line is no list; did you mean message.lines?"),
        ({"each": "message.amount"}, "each message.amount is no list"),
        (
            {"each": "", "seen": {}, "let": {"x": "item.qty"}},
            "let.x.cel:5 undeclared reference to 'item.qty'; items are those of `each`",
        ),
        ({"seen": {"n": {"last": "item.prise"}}}, "seen.n.last item.prise is no field; did you mean item.price?"),
        (
            {"seen": {"n": {"count": True, "where": "item.qyt > 0"}}},
            "seen.n.where:1 item.qyt is no field; did you mean",
        ),
        ({"seen": {"n": {"run": "item.qty"}}}, "seen.n.run:1 gives int, a condition must give true or false"),
        ({"seen": {"n": {"sum_in": {"of": "item.qtz", "span": "7d"}}}}, "seen.n.sum_in item.qtz is no field"),
        (
            {"seen": {"n": {"total": {"over": "message.lines", "cel": "item.cost"}}}},
            "seen.n.total.cel:1 item.cost is no field",
        ),
        (
            {"seen": {"n": {"total": {"over": "message.amount", "cel": "1.0"}}}},
            "seen.n.total.over message.amount is no",
        ),
        ({"let": {"x": "let.y + 1.0", "y": "let.x"}}, "let `let` runs in a ring: x, y"),
        ({"let": {"jmp": "1.0", "x": "let.jump"}}, "let.x.cel:1 let.jump is no field; did you mean let.jmp?"),
        ({"let": {"x": "message.amount * 2"}}, "let.x.cel:16 found no matching overload"),
        ({"let": {"x": "seen.befor"}}, "let.x.cel:1 seen.befor is no field; did you mean seen.before?"),
    ],
)
def test_a_mistake_is_said_at_its_key(more: dict[str, Any], finding: str) -> None:
    _, findings = said(order(**more))
    assert any(one.startswith(finding) for one in findings), findings


def test_a_column_may_read_a_field_that_only_another_event_of_the_rule_has() -> None:
    body = order(seen={"due": {"last": "message.due_date"}}, let={})
    assert said(body)[1] == ["seen.due.last message.due_date is no field; did you mean message.order_id?"]
    assert said(body, elsewhere=("message.due_date",))[1] == []
