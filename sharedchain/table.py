"""Tables and folded text for people at a terminal: 80 columns when piped, wide signs counted, no colour needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells
from rich.console import Console

WIDTH = 80
_GAP = 2
_LEAST = 12  # a column that may fold is not made narrower than this
_CLOSING = "，。；：）天时分"  # no line begins with one of these


def show(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    folding: Sequence[int] | None = None,
    below: Sequence[str] = (),
) -> None:
    """Print a title and a table as wide as the terminal; see `table`."""
    if title:
        say(title)
    width = Console().width
    for line in table(columns, rows, width=width, right=right, folding=folding, below=below):
        say(line)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int = WIDTH,
    right: Sequence[int] = (),
    folding: Sequence[int] | None = None,
    below: Sequence[str] = (),
) -> Iterator[str]:
    """The lines of a table. `right`: columns of numbers; `folding`: those that may fold to fit `width` (default: the
    last); `below`: for each row a text that stands beneath it, indented."""
    folding = (len(columns) - 1,) if folding is None else folding
    widths = _widths([columns, *rows], width, folding)
    for number, row in enumerate([columns, *rows]):
        cells = [_cell(text, wide) for text, wide in zip(row, widths, strict=True)]
        for level in range(max(map(len, cells))):
            pieces = [cell[level] if level < len(cell) else "" for cell in cells]
            padded = [_padded(p, w, i in right) for i, (p, w) in enumerate(zip(pieces, widths, strict=True))]
            yield (" " * _GAP).join(padded).rstrip()
        if below and number:
            yield from folded(below[number - 1], "  ", width=width)


def _widths(rows: Sequence[Sequence[str]], width: int, folding: Sequence[int]) -> list[int]:
    """What each column needs; those that may fold share what is left, the widest gives first."""
    needed = [max(cell_len(row[index]) for row in rows) for index in range(len(rows[0]))]
    over = sum(needed) + _GAP * (len(needed) - 1) - width
    while over > 0:
        widest = max(folding, key=lambda index: needed[index])
        if needed[widest] <= _LEAST:
            break
        needed[widest] -= 1
        over -= 1
    return needed


def _cell(text: str, width: int) -> list[str]:
    """A cell folded to `width`; a word that is longer is broken."""
    return [piece for line in folded(text, width=width) for piece in chop_cells(line, width) or [""]]


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def folded(text: str, first: str = "", rest: str | None = None, *, width: int = WIDTH) -> Iterator[str]:
    """`text` behind `first` in lines of `width`; further lines begin with `rest` (default: as wide as `first`).

    Words are never broken: a link longer than a line stays whole.
    """
    rest = " " * cell_len(first) if rest is None else rest
    line, begun = first, False
    for piece in _pieces(text):
        if begun and cell_len(line + piece.rstrip()) > width:
            yield line.rstrip()
            line = rest + piece.lstrip()
        else:
            line += piece
        begun = True
    yield line.rstrip()


def _pieces(text: str) -> Iterator[str]:
    """Where a line may break: before a space, and before or behind a wide sign, but not before a closing one."""
    piece = ""
    for sign in text:
        wide = piece and (cell_len(sign) == 2 or cell_len(piece[-1]) == 2) and not _number(piece[-1], sign)
        if piece and (sign == " " or (wide and sign not in _CLOSING)):
            yield piece
            piece = ""
        piece += sign
    yield piece


def _number(before: str, after: str) -> bool:
    """A number stays with its unit, and a bracket with what it opens: `4天`, `（1`."""
    return (before + after).isascii() or before.isdigit() or after.isdigit() or before in "（(「"


def say(text: str) -> None:
    """Print one line as it is."""
    Console(highlight=False, markup=False, soft_wrap=True).print(text)
