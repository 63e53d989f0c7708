"""Tables for people at a terminal: 80 columns when piped, wide characters counted, colour never alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print one table; `right` are the columns of numbers. The last column takes what width is left."""
    say(title)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for index, name in enumerate(columns):
        last = index == len(columns) - 1
        table.add_column(name, justify="right" if index in right else "left", overflow="fold", no_wrap=not last)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False).print(table)


def say(text: str) -> None:
    """Print one line as it is."""
    Console(highlight=False, markup=False, soft_wrap=True).print(text)
