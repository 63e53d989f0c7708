"""Markdown tables whose cells may say anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table, and an empty one behind it; no lines at all without rows."""
    lines = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines, ""] if lines else []


def cell(text: str) -> str:
    """`text` on one line, its bars escaped."""
    return " ".join(text.split()).replace("|", "\\|") or "–"


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def both(doc: str) -> tuple[str, str]:
    """«中文 / English» in two."""
    zh, _, en = doc.partition(" / ")
    return zh, en
