"""Tables for people at a terminal: 80 columns when piped, wide characters counted, colour never alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

WIDTH = 80
_CLOSING = "，。；：）天时分"  # no line begins with one of these


def show(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[int] = (),
    folding: Sequence[int] | None = None,
) -> None:
    """Print one table; `right` are the columns of numbers, `folding` those that may break (default: the last)."""
    if title:
        say(title)
    folding = (len(columns) - 1,) if folding is None else folding
    table = Table(box=None, pad_edge=False, header_style="dim")
    for index, name in enumerate(columns):
        justify: Literal["left", "right"] = "right" if index in right else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=index not in folding)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False).print(table)


def say(text: str) -> None:
    """Print one line as it is."""
    Console(highlight=False, markup=False, soft_wrap=True).print(text)


def folded(text: str, first: str = "", rest: str | None = None) -> Iterator[str]:
    """`text` behind `first` in lines of WIDTH; further lines begin with `rest` (default: as wide as `first`).

    Words are never broken: a link longer than a line stays whole.
    """
    rest = " " * cell_len(first) if rest is None else rest
    line, begun = first, False
    for piece in _pieces(text):
        if begun and cell_len(line + piece.rstrip()) > WIDTH:
            yield line.rstrip()
            line = rest + piece.lstrip()
        else:
            line += piece
        begun = True
    yield line.rstrip()


def _pieces(text: str) -> Iterator[str]:
    """Where a line may break: before a space, and between wide signs, but not before a closing one."""
    piece = ""
    for sign in text:
        wide = piece and cell_len(sign) == 2 == cell_len(piece[-1])
        if piece and (sign == " " or (wide and sign not in _CLOSING)):
            yield piece
            piece = ""
        piece += sign
    yield piece
