"""Tables and folded text in 80 columns."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from sharedchain.table import folded, table


def test_columns_stand_under_their_names_and_numbers_to_the_right() -> None:
    assert list(table(("预测", "total", "what"), [("FC-1", "5", "x"), ("FC-22", "178", "y")], right=(1,))) == [
        "预测   total  what",
        "FC-1       5  x",
        "FC-22    178  y",
    ]


@pytest.mark.parametrize("what", ["word " * 40, "漏审批签约已解除：OPP-0003 " * 8, "x" * 200])
def test_the_last_column_folds_and_nothing_is_wider_than_asked(what: str) -> None:
    lines = list(table(("rule", "what"), [("R-19", what)], width=60))
    assert len(lines) > 3
    assert all(cell_len(line) <= 60 for line in lines)
    assert all(line.startswith("      ") for line in lines[2:])


def test_of_two_that_may_fold_the_wider_gives_first() -> None:
    lines = list(
        table(("a", "b", "c"), [("x", "one two three four five", "six seven eight")], width=34, folding=(1, 2))
    )
    assert lines == ["a  b               c", "x  one two three   six seven eight", "   four five"]


def test_a_text_below_stands_indented_beneath_its_row() -> None:
    lines = list(table(("a", "b"), [("1", "2"), ("3", "4")], below=["what is wrong " * 8, "short"]))
    assert lines[0:2] == ["a  b", "1  2"]
    assert lines[2].startswith("  what is wrong")
    assert lines[-2:] == ["3  4", "  short"]


def test_folding_keeps_words_links_and_numbers_with_their_units() -> None:
    link = "http://127.0.0.1:8000/" + "x" * 90
    assert list(folded(f"open {link} now", "  ")) == ["  open", f"  {link}", "  now"]
    lines = list(folded("各阶段用时：" + "已立项 4天 评审中 12天3时 " * 6, width=30))
    assert all(cell_len(line) <= 30 for line in lines)
    assert not any(line[0] in "天时分，。；：）" for line in lines)
    assert not any(line[-1].isdigit() for line in lines)


def test_further_lines_begin_as_asked() -> None:
    assert list(folded("one two", "├ ", "│ ", width=6)) == ["├ one", "│ two"]
    assert list(folded("", "├ ")) == ["├"]
