"""The printed table: one row a piece of work, Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEAD = ("work", "ours", "against", "ratio", "goal (floor)", "reached", "what is not alike")


@dataclass(frozen=True, slots=True)
class Row:
    work: str
    ours: str
    against: str = ""
    ratio: str = ""
    goal: str = ""
    unlike: str = ""
    reached: str = ""

    def cells(self) -> tuple[str, ...]:
        return self.work, self.ours, self.against, self.ratio, self.goal, self.reached, self.unlike


def distance(found: float, floor: float, goal: float, *, less: bool = False) -> str:
    """How far a figure is from its floor and its goal; `less`: the smaller the better."""
    if less:
        found, floor, goal = 1 / found, 1 / floor, 1 / goal
    if found >= goal:
        return "goal reached"
    if found >= floor:
        return f"floor held, {found / goal:.0%} of the goal"
    return f"**floor missed**: {found / floor:.0%} of it, {found / goal:.0%} of the goal"


def render(rows: Sequence[Row]) -> str:
    return "\n".join([head(), *(line(row) for row in rows)])


def head() -> str:
    return f"{_cells(HEAD)}\n{_cells(('---',) * len(HEAD))}"


def line(row: Row) -> str:
    return _cells(row.cells())


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
