from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest

from sharedchain.cli.rows import Form, loads, read_rows
from sharedchain.errors import Refused


def rows(text: str, form: Form) -> list[tuple[int, dict[str, Any], bool]]:
    return [(row.number, row.fields, row.fault is not None) for row in read_rows(io.StringIO(text, newline=""), form)]


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("json", '{"a": 1.10}', [(1, {"a": Decimal("1.10")}, False)]),
        ("json", '[{"a": 1}, 2, {"a": 3}]', [(1, {"a": 1}, False), (2, {}, True), (3, {"a": 3}, False)]),
        ("json", "[{", [(1, {}, True)]),
        ("jsonl", '{"a": 1}\n\nx\n{"a": 3}\n', [(1, {"a": 1}, False), (3, {}, True), (4, {"a": 3}, False)]),
        ("csv", "a,b\n1,\n,预测\n", [(2, {"a": "1"}, False), (3, {"b": "预测"}, False)]),
        ("csv", 'a,lines\n1,"[{""x"": 1}]"\n2,[x\n', [(2, {"a": "1", "lines": [{"x": 1}]}, False), (3, {}, True)]),
        ("csv", "a,b\n1\n1,2,3\n1,2\n", [(2, {}, True), (3, {}, True), (4, {"a": "1", "b": "2"}, False)]),
        ("csv", "", []),
    ],
)
def test_each_row_stands_for_itself(form: Form, text: str, expected: list[tuple[int, dict[str, Any], bool]]) -> None:
    assert rows(text, form) == expected


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": 1, "a": 2}', "[" * 100_000, "", '"\\x"'])
def test_what_is_not_strictly_json_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        loads(text)
    assert caught.value.reason == "unreadable"


@pytest.mark.parametrize(("form", "head"), [("csv", "a\n"), ("jsonl", ""), ("json", "")])
def test_another_encoding_is_named_row_by_row(form: Form, head: str) -> None:
    cell = "制造" if form == "csv" else '"制造"'
    source = io.TextIOWrapper(io.BytesIO(head.encode() + cell.encode("gb18030")), "utf-8-sig", "surrogateescape")
    (row,) = read_rows(source, form)
    assert row.fault is not None
    assert "not UTF-8" in row.fault.text
