"""Expected rows against found rows, in both directions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from deploy.demo.story import Row


@dataclass(frozen=True, slots=True)
class Difference:
    """One section's verdict: rows that were expected and not found, and the reverse."""

    section: str
    expected: int
    found: int
    missing: tuple[Row, ...]
    unexpected: tuple[Row, ...]

    @property
    def equal(self) -> bool:
        return not (self.missing or self.unexpected)


def compare(section: str, expected: list[Row], found: list[Row]) -> Difference:
    """Compare as multisets of rows; only the columns that the expectation names count, and every
    expected row must name the same ones."""
    if not expected:
        return Difference(section, 0, len(found), (), tuple(found))
    columns = sorted(expected[0])
    if odd := next((row for row in expected if sorted(row) != columns), None):
        raise ValueError(f"{section}: the row {odd} does not have the columns {columns} of the first one")

    def key(row: Row) -> tuple[tuple[str, str], ...]:
        return tuple((c, _text(row.get(c))) for c in columns)

    want, have = Counter(map(key, expected)), Counter(map(key, found))
    return Difference(
        section,
        len(expected),
        len(found),
        tuple(dict(k) for k in sorted((want - have).elements())),
        tuple(dict(k) for k in sorted((have - want).elements())),
    )


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case list() | tuple():
            return ",".join(map(str, value))
        case bool():
            return str(value).lower()
    return str(value)
