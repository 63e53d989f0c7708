"""Rows that a stream of events leaves behind, declared as data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from sharedchain.config import item
from sharedchain.core import fold, tables
from sharedchain.core.ruleset import ruleset
from sharedchain.core.table import Table
from tests.core.line import Line

PURCHASE = {
    "id": "purchase_line",
    "title": {"zh": "采购行", "en": "purchase lines"},
    "key": ["message.po_id", "item.item"],
    "each": "message.lines",
    "keep": "400d",
    "from": {
        "procurement.order.created": {},
        "procurement.order.registered": {"each": "", "key": ["message.po_id"], "columns": ["registered_at"]},
        "procurement.order.closed": {"each": "", "key": ["message.po_id"], "remove": True},
        "part.deleted": {"each": "", "key": ["message.po_id", "message.item"], "remove": True},
    },
    "columns": {
        "price": {"last": "item.price", "type": "decimal"},
        "created_at": {"first": "meta.time", "type": "instant"},
        "registered_at": {"last": "meta.time", "type": "instant"},
        "orders": {"count": True, "where": 'meta.type == "procurement.order.created"'},
        "late": {"cel": "row.registered_at - row.created_at > 3600000", "type": "flag"},
    },
}


def line_of(*declared: dict[str, Any]) -> Line:
    line = Line()
    line.now = line.ms("2026-04-01 08:00")
    line.configure([item("table", one["id"], one) for one in declared])
    line.configure([item("tenant", line.scope, {"mode": "driven", "packs": []})])
    return line


def rows(line: Line, table: str = "purchase_line") -> dict[str, dict[str, Any]]:
    """The rows as they are read, after the state has gone through its bytes."""
    line.state = fold.load(fold.dump(line.state))
    scope = line.state.scopes[line.scope]
    ready = ruleset(line.state).tables.by_id[table]
    found = {name: tables.row_of(scope, ready, name) for name in scope.tables[table].rows}
    return {name: dict(one[0]) for name, one in found.items() if one is not None}


def order(line: Line, po: str, *prices: str, type_: str = "procurement.order.created") -> None:
    lines = [{"item": f"I{n}", "price": Decimal(price)} for n, price in enumerate(prices)]
    line.add("fact", type_, {"po_id": po, "lines": lines})


def test_each_element_of_a_list_has_its_row() -> None:
    line = line_of(PURCHASE)
    order(line, "PO-1", "10", "20")
    at = line.now
    assert rows(line) == {
        "PO-1/I0": {
            "po_id": "PO-1",
            "item": "I0",
            "price": Decimal(10),
            "created_at": at,
            "registered_at": None,
            "orders": 1,
            "late": None,
        },
        "PO-1/I1": {**rows(line)["PO-1/I0"], "item": "I1", "price": Decimal(20)},
    }


def test_a_shorter_key_updates_every_row_that_begins_with_it_and_makes_none() -> None:
    line = line_of(PURCHASE)
    order(line, "PO-1", "10", "20")
    line.now += 7_200_000
    for po in ("PO-1", "PO-2"):
        line.add("fact", "procurement.order.registered", {"po_id": po})
    found = rows(line)
    assert [(row["registered_at"], row["late"]) for row in found.values()] == [(line.now, None)] * 2
    assert set(found) == {"PO-1/I0", "PO-1/I1"}, "and only the columns it names: `late` waits for the next order"
    order(line, "PO-1", "10")
    assert rows(line)["PO-1/I0"]["late"] is True


def test_an_event_may_end_a_row_or_all_that_begin_with_its_key() -> None:
    line = line_of(PURCHASE)
    order(line, "PO-1", "10", "20")
    order(line, "PO-2", "30")
    line.add("fact", "part.deleted", {"po_id": "PO-1", "item": "I0"})
    assert set(rows(line)) == {"PO-1/I1", "PO-2/I0"}
    line.add("fact", "procurement.order.closed", {"po_id": "PO-1"})
    assert set(rows(line)) == {"PO-2/I0"}
    assert line.state.scopes[line.scope].tables["purchase_line"].heads == {"PO-2": {"PO-2/I0": None}}


def test_a_key_that_is_not_there_makes_no_row() -> None:
    line = line_of(PURCHASE)
    line.add("fact", "procurement.order.created", {"po_id": None, "lines": [{"item": "I", "price": None}]})
    line.add("fact", "procurement.order.created", {"po_id": "PO-1", "lines": None})
    assert rows(line) == {}


def test_a_column_that_reads_what_an_event_has_not_keeps_what_it_knew() -> None:
    other = {**PURCHASE, "from": {**PURCHASE["from"], "price.told": {"each": "", "key": ["message.a", "message.b"]}}}  # type: ignore[dict-item]
    line = line_of(other)
    order(line, "PO-1", "10")
    line.add("fact", "price.told", {"a": "PO-1", "b": "I0"})
    assert rows(line)["PO-1/I0"]["price"] == 10


def test_a_row_is_forgotten_at_the_midnight_after_its_time_however_often_the_clock_ticks() -> None:
    for dense in (False, True):
        line = line_of({**PURCHASE, "keep": "2d"})
        order(line, "PO-1", "10")
        line.now += 86_400_000
        order(line, "PO-2", "10")
        for day in range(2, 6):
            line.tick(f"2026-04-0{day} 00:00") if dense else None
            if day == 3:
                line.tick("2026-04-03 23:00")
                assert set(rows(line)) == {"PO-1/I0", "PO-2/I0"}
            if day == 4:
                line.tick("2026-04-04 00:00")
                assert set(rows(line)) == {"PO-2/I0"}
        line.tick("2026-04-05 00:00")
        assert rows(line) == {}


def test_the_parts_of_a_key_stay_apart() -> None:
    line = line_of(PURCHASE)
    for po, part in (("a/b", "c"), ("a", "b/c")):
        line.add("fact", "procurement.order.created", {"po_id": po, "lines": [{"item": part, "price": None}]})
    assert [(row["po_id"], row["item"]) for row in rows(line).values()] == [("a/b", "c"), ("a", "b/c")]


def test_another_declaration_forgets_what_no_longer_means_the_same() -> None:
    line = line_of(PURCHASE)
    order(line, "PO-1", "10")
    columns = {**PURCHASE["columns"], "orders": {"sum": "item.price"}}  # type: ignore[dict-item]
    line.configure([item("table", "purchase_line", {**PURCHASE, "columns": columns})])
    order(line, "PO-1", "12")
    assert (rows(line)["PO-1/I0"]["orders"], rows(line)["PO-1/I0"]["price"]) == (12, 12)
    line.configure([item("table", "purchase_line", {**PURCHASE, "key": ["item.item", "message.po_id"]})])
    order(line, "PO-1", "13")
    assert set(rows(line)) == {"I0/PO-1"}


def test_a_column_that_errs_is_told_once_to_its_owner() -> None:
    columns = {"price": {"cel": "item.price / 0", "type": "decimal"}}
    line = line_of({**PURCHASE, "columns": columns, "from": {"procurement.order.created": {}}})
    order(line, "PO-1", "10")
    order(line, "PO-2", "10")
    alerts = [one.data for one in line.said if one.type == "alert.raised"]
    assert [(one["rule_id"], one["subject"]) for one in alerts] == [("R-00", "table/purchase_line")]
    assert "column price: item.price / 0" in alerts[0]["value_text"]


def test_a_condition_that_errs_is_told_once_and_one_that_lacks_a_value_is_not() -> None:
    """The table misses what it cannot judge; another table, and its own next event, go on."""
    where = "1 / int(message.parts) > 0"
    line = line_of(
        {**PURCHASE, "from": {"procurement.order.created": {"where": where}}, "owner": "role:data_steward"},
        {"id": "heard", "title": {"zh": "z", "en": "e"}, "key": ["message.po_id"],
         "from": {"procurement.order.created": {}}, "columns": {"times": {"count": True}}},
    )  # fmt: skip
    for po, parts in (("PO-0", None), ("PO-1", 0), ("PO-2", 0), ("PO-3", 1)):
        said = {"po_id": po, "lines": [{"item": "I", "price": None}], "parts": parts}
        line.add("fact", "procurement.order.created", said)
    alerts = [one.data for one in line.said if one.type == "alert.raised"]
    assert [(one["rule_id"], one["subject"]) for one in alerts] == [("R-00", "table/purchase_line")]
    assert alerts[0]["value_text"].startswith(f"where of procurement.order.created: {where}")
    assert alerts[0]["owner"] == "role:data_steward"
    assert (set(rows(line)), len(rows(line, "heard"))) == ({"PO-3/I"}, 4)


def test_every_fact_may_feed_a_table() -> None:
    sources = {
        "id": "source_seen",
        "title": {"zh": "来源", "en": "sources"},
        "key": ["meta.source"],
        "from": {"*": {}},
        "columns": {"facts": {"count": True}},
    }
    line = line_of(sources)
    line.add("fact", "a.b", {})
    line.add("refusal", "record.rejected", {"reason": "x"})
    assert rows(line, "source_seen") == {"crm": {"source": "crm", "facts": 2}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"columns": {"price": {"last": "item.price"}}}, "needs a `type`"),
        ({"columns": {"po_id": {"count": True}}}, "rename"),
        ({"from": {"a.b": {"columns": ["amount"]}}}, "no column"),
        ({"from": {"a.b": {"key": ["meta.id", "meta.id", "meta.id"]}}}, "more parts"),
        ({"from": {}}, "at least 1"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(change: Any, says: str) -> None:
    declared = {**PURCHASE, "columns": {"registered_at": {"count": True}}, **change}
    with pytest.raises(ValidationError, match=says):
        Table.model_validate(declared)


def test_an_expression_that_does_not_compile_names_its_column() -> None:
    with pytest.raises(ValueError, match="column price: "):
        tables.prepare(
            Table.model_validate(
                {**PURCHASE, "columns": {"price": {"cel": "item.price *", "type": "decimal"}}, "from": {"a.b": {}}}
            )
        )


MEMBER = {
    "id": "member",
    "title": {"zh": "会员", "en": "members"},
    "key": ["message.member"],
    "daily": ["stage"],
    "from": {"captured": {}, "ordered": {}},
    "columns": {
        "orders": {"count": True, "where": 'meta.type == "ordered"'},
        "ordered_at": {"last": "message.ordered_at", "type": "instant"},
        "stage": {
            "cel": 'row.orders == 0 ? "PROSPECT" : age.ordered_at > 30.0 ? "DORMANT" : "NEW"',
            "type": "text",
        },
    },
}


def test_a_daily_column_is_computed_again_at_midnight() -> None:
    line = line_of(MEMBER)
    line.tick("2026-04-01 08:00")
    line.add("fact", "captured", {"member": "M"})
    assert rows(line, "member")["M"]["stage"] == "PROSPECT"
    line.add("fact", "ordered", {"member": "M", "ordered_at": line.now})
    assert rows(line, "member")["M"]["stage"] == "NEW"
    line.tick("2026-05-01 00:00")
    assert rows(line, "member")["M"]["stage"] == "NEW", "30 days"
    line.tick("2026-05-02 00:00")
    assert rows(line, "member")["M"]["stage"] == "DORMANT"


def test_a_table_looks_into_others_as_rules_do() -> None:
    ticket = {
        "id": "ticket",
        "title": {"zh": "工单", "en": "tickets"},
        "key": ["message.ticket"],
        "from": {"opened": {}},
        "columns": {"kind": {"last": "message.kind", "type": "text"}},
    }
    who = {
        "id": "caller",
        "title": {"zh": "客户", "en": "callers"},
        "key": ["message.who"],
        "with": {"ticket": {"entity": "ticket", "id": "message.ticket"}},
        "from": {"closed": {"where": 'ticket.kind == "COMPLAINT"'}},
        "columns": {"settled": {"count": True}, "last_kind": {"last": "ticket.kind", "type": "text"}},
    }
    line = line_of(ticket, who)
    for id_, kind in (("T-1", "COMPLAINT"), ("T-2", "QUESTION")):
        line.add("fact", "opened", {"ticket": id_, "kind": kind})
    for id_ in ("T-1", "T-2", "T-3"):
        line.add("fact", "closed", {"ticket": id_, "who": "C"})
    assert rows(line, "caller") == {"C": {"who": "C", "settled": 1, "last_kind": "COMPLAINT"}}


def test_a_column_reads_the_others_as_they_are_after_the_event_and_by_another_word_as_they_were_before() -> None:
    model = {
        "id": "model",
        "title": {"zh": "模型", "en": "models"},
        "key": ["message.model"],
        "from": {"promoted": {}},
        "columns": {
            "a_version": {"cel": "row.z_version", "type": "text"},
            "b_former": {"cel": "before.z_version", "type": "text"},
            "c_all": {"cel": 'row.c_all == null ? row.z_version : row.c_all + "," + row.z_version', "type": "text"},
            "z_version": {"last": "message.version", "type": "text"},
        },
    }
    line = line_of(model)
    for version in ("1", "2"):
        line.add("fact", "promoted", {"model": "M", "version": version})
    found = rows(line, "model")["M"]
    assert (found["a_version"], found["b_former"], found["c_all"]) == ("2", "1", "1,2")


def test_columns_that_read_each_other_are_refused() -> None:
    columns = {"a": {"cel": "row.b", "type": "text"}, "b": {"cel": "row.a", "type": "text"}}
    declared = Table.model_validate({**PURCHASE, "columns": columns, "from": {"a.b": {}}})
    with pytest.raises(ValueError, match="ring: a, b"):
        tables.prepare(declared)
