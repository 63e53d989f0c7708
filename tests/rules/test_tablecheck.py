"""What a declared table may name, and the words in which it is told what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from sharedchain import tablecheck
from sharedchain.core.table import Table
from tests.rules.book import BOOK
from tests.rules.book import CATALOG as EVENTS

SOUND: dict[str, Any] = {
    "id": "lines",
    "title": {"zh": "行", "en": "lines"},
    "key": ["message.po_id", "item.item"],
    "each": "message.lines",
    "from": {"procurement.order.created": {}},
    "columns": {"price": {"last": "item.price", "type": "decimal"}},
}


def said(**change: Any) -> list[str]:
    table = Table.model_validate({**SOUND, **change})
    return [f"{'.'.join(map(str, at))}: {text}" for at, text, _ in tablecheck.findings(table, EVENTS, BOOK.looks)]


def test_a_sound_table_has_no_finding() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"id": "forecast"}, "id: forecast is built in"),
        ({"each": "message.liens"}, "has no list message.liens; did you mean message.lines"),
        ({"key": ["message.po", "item.item"]}, "has no message.po"),
        ({"columns": {"x": {"last": "item.prize", "type": "decimal"}}}, "did you mean item.price"),
        ({"columns": {"x": {"cel": "item.price * row.qty", "type": "decimal"}}}, "row.qty is no field"),
        ({"columns": {"x": {"cel": 'item.price + "1"', "type": "decimal"}}}, "x.cel: found no matching"),
        ({"columns": {"x": {"count": True, "where": "item.price"}}}, "a condition must give true or false"),
        ({"with": {"other": {"entity": "suplier", "id": "message.supplier_id"}}}, "did you mean supplier"),
        (
            {"from": {"procurement.order.created": {}, "lead.captured": {"each": "", "key": ["message.lead_id"]}}},
            "",
        ),
    ],
)
def test_a_finding_names_the_place_and_a_way_to_mend_it(change: dict[str, Any], finding: str) -> None:
    found = said(**change)
    assert any(finding in one for one in found) if finding else found == [], found
