"""The printed table: one row a piece of work, Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEAD = ("work", "ours", "against", "ratio", "goal (floor)", "what is not alike")


@dataclass(frozen=True, slots=True)
class Row:
    work: str
    ours: str
    against: str = ""
    ratio: str = ""
    goal: str = ""
    unlike: str = ""

    def cells(self) -> tuple[str, ...]:
        return self.work, self.ours, self.against, self.ratio, self.goal, self.unlike


NOT_YET = [
    Row(
        "telemetry: rule state, alerts, minute rows", "not built yet", goal="45× (20×) plain Faust; 6× (3×) quixstreams"
    ),
    Row("telemetry, messages of 100 readings", "not built yet", goal="20× (10×) plain Faust"),
]


def render(rows: Sequence[Row]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
